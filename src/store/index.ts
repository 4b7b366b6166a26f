/** PostgreSQL: the embedded server, the schema, and the writer that puts the journal into it once and only once. */
export { readStoredBooks, type StoredBook, StoredBookError, type StoredBooks } from './books/stored-books.ts'
export { DatabaseError, type DatabaseErrorCode } from './embedded/database-error.ts'
export type { DatabaseEvent } from './embedded/database-event.ts'
export { type EmbeddedLook, lookAtEmbedded } from './embedded/look-embedded.ts'
export { type DatabaseLease, type OpenDatabaseOptions, openDatabase } from './embedded/open-database.ts'
export type { MemoryRow } from './memory/copy-reader.ts'
export { MemoryStore } from './memory/memory-store.ts'
export type { MemoryStoreOptions, StoreFault, StoreOperation } from './memory/memory-tables.ts'
export * from './schema/index.ts'
export { StoreError, type StoreErrorCode } from './writer/errors.ts'
export { beginRedo, finishRedo, pendingRedo, planRedo, type RedoFrom, type RedoPlan } from './writer/redo.ts'
export type { StoreConnection, StoreDatabase } from './writer/store-database.ts'
export type { StoreEvent, StoreWriterOptions } from './writer/store-options.ts'
export type { DrainResult, StoreState, StoreStatus } from './writer/store-status.ts'
export {
  type StoreThreadEvent,
  type StoreWorker,
  type StoreWorkerOptions,
  type StoreWorkerStatus,
  startStoreWorker,
} from './writer/store-thread.ts'
export { StoreWriter } from './writer/store-writer.ts'
