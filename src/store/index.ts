/** PostgreSQL: the embedded server, the schema, and the writer that puts the journal into it once and only once. */
export { readStoredBooks, type StoredBook, StoredBookError, type StoredBooks } from './books/stored-books.ts'
export { DatabaseError, type DatabaseErrorCode } from './embedded/database-error.ts'
export type { DatabaseEvent } from './embedded/database-event.ts'
export { type DatabaseLease, type OpenDatabaseOptions, openDatabase } from './embedded/open-database.ts'
export * from './schema/index.ts'
export { StoreError, type StoreErrorCode } from './writer/errors.ts'
export { beginRedo, finishRedo, pendingRedo, planRedo, type RedoFrom, type RedoPlan } from './writer/redo.ts'
export type { DrainResult, StoreState, StoreStatus } from './writer/store-status.ts'
export {
  type StoreThreadEvent,
  type StoreWorker,
  type StoreWorkerOptions,
  type StoreWorkerStatus,
  startStoreWorker,
} from './writer/store-thread.ts'
export { type StoreEvent, StoreWriter, type StoreWriterOptions } from './writer/store-writer.ts'
