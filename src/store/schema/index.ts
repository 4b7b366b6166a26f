/** The database's side of the recording: its tables, how they are made, and what may be thrown away. */
export type { Database, TransactionLimits } from './database.ts'
export { inTransaction } from './database.ts'
export {
  countDroppedRows,
  type DroppedDay,
  dropDay,
  findDaysBefore,
  readDroppedDays,
  segmentsOfDay,
} from './dropped-days.ts'
export { SchemaError, type SchemaErrorCode, sqlStateOf } from './errors.ts'
export { type Migrated, type MigrateOptions, migrate } from './migrate.ts'
export { type Migration, readMigrations } from './migrations.ts'
export { checkSchemaName, DEFAULT_SCHEMA, quoteName } from './names.ts'
export { DERIVED_TABLES, LEARNING_TABLES, PARTITIONED_TABLES, type PartitionedTable, TABLES } from './objects.ts'
export { type Day, dayOfMs, dayOfNs, formatDay, partitionDay } from './partition-day.ts'
export { ensurePartitions, ensurePartitionsAhead, partitionName } from './partitions.ts'
export { countFrom, PLACED_TABLES, type Removal, removeFrom } from './remove-from.ts'
export { type RebuildOptions, type ResetOptions, rebuildPrepare, reset } from './reset.ts'
export { type CursorStatus, readStatus, type SchemaStatus, type TableStatus } from './status.ts'
