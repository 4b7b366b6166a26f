/** PostgreSQL: the embedded server, the schema, and the writer that puts the journal into it once and only once. */
export { DatabaseError, type DatabaseErrorCode } from './embedded/database-error.ts'
export type { DatabaseEvent } from './embedded/database-event.ts'
export { type DatabaseLease, type OpenDatabaseOptions, openDatabase } from './embedded/open-database.ts'
export * from './schema/index.ts'
