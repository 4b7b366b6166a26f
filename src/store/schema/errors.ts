/** How the schema says that a database cannot be used as it stands. */

export type SchemaErrorCode =
  /** The name is no name for our schema. */
  | 'FLOW_SCHEMA_NAME'
  /** A migration that was applied reads differently now. */
  | 'FLOW_SCHEMA_CHANGED'
  /** The database was migrated by a later version of the program. */
  | 'FLOW_SCHEMA_NEWER'
  /** Something of another program's stands in the schema under one of our names. */
  | 'FLOW_SCHEMA_OCCUPIED'
  /** A migration failed; its transaction was rolled back. */
  | 'FLOW_SCHEMA_MIGRATION'
  /** There is no schema of ours under the name. */
  | 'FLOW_SCHEMA_ABSENT'
  /** What would throw data away was not confirmed in words. */
  | 'FLOW_SCHEMA_UNCONFIRMED'
  /** Another program's view, key or type rests on our tables, which therefore stay. */
  | 'FLOW_SCHEMA_DEPENDED'
  /** There are more days than the server's lock table has room for. */
  | 'FLOW_SCHEMA_LOCKS'
  /** The program's own migration files are missing or out of order. */
  | 'FLOW_SCHEMA_FILES'

export class SchemaError extends Error {
  override readonly name = 'SchemaError'
  readonly code: SchemaErrorCode
  /** What a caller needs to act: schema, migration, found and needed values. */
  readonly fields: Readonly<Record<string, string | number>>

  constructor(
    code: SchemaErrorCode,
    message: string,
    fields: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.fields = fields
  }
}

/** The five characters with which PostgreSQL says what went wrong; `undefined` when the error is not PostgreSQL's. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}
