/** How opening a database says that it cannot be had. No message, field or cause holds a password. */

export type DatabaseErrorCode =
  /** `databaseUrl` is not a PostgreSQL URL. */
  | 'FLOW_DB_URL'
  /** Nobody answers at that address. */
  | 'FLOW_DB_UNREACHABLE'
  /** The server refused the user or the password. */
  | 'FLOW_DB_LOGIN'
  /** The server has no such database. */
  | 'FLOW_DB_NO_DATABASE'
  /** The server is older than we need. */
  | 'FLOW_DB_TOO_OLD'
  /** The server is a standby, or the database takes no writes. */
  | 'FLOW_DB_READ_ONLY'
  /** The user may not make our schema. */
  | 'FLOW_DB_RIGHTS'
  /** No PostgreSQL binaries for this platform, or they do not run on it. */
  | 'FLOW_DB_NO_BINARY'
  /** No folder was found that the server's user can use. */
  | 'FLOW_DB_FOLDER'
  /** The folder belongs to another user. */
  | 'FLOW_DB_OWNER'
  /** A new database could not be made. */
  | 'FLOW_DB_INIT'
  /** The server would not start. */
  | 'FLOW_DB_START'
  /** Another program held the start lock for too long. */
  | 'FLOW_DB_LOCK'
  /** The server would not stop. */
  | 'FLOW_DB_STOP'

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: DatabaseErrorCode
  /** What a caller needs to act: folder, host, found and needed values. */
  readonly fields: Readonly<Record<string, string | number>>

  constructor(
    code: DatabaseErrorCode,
    message: string,
    fields: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.fields = fields
  }
}

/** The Node or SQLSTATE code of a failure, `UNKNOWN` when it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'UNKNOWN'
}

/** What a failure says of itself, on one line. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || codeOf(error) : String(error)
  return text.replaceAll(/\s*\n\s*/g, ' ').trim()
}
