/**
 * The door to a database: the one that was named, or the embedded server of the data folder. What is stored in it is
 * nothing to this folder.
 */
import type { DatabaseEvent } from './database-event.ts'
import { openEmbedded } from './embedded-lease.ts'
import { checkGiven } from './given-database.ts'

export type OpenDatabaseOptions = {
  /** A PostgreSQL to use, for example `postgresql://user:password@host:5432/database`. Not given: the embedded server. */
  readonly databaseUrl?: string | undefined
  /** Where the embedded server's files stand. */
  readonly dataFolder: string
  /** The schema that must be usable or makeable in a given database. Default `kalshiflow`. */
  readonly schema?: string | undefined
  readonly onEvent?: ((event: DatabaseEvent) => void) | undefined
  /** Ends the waiting for another program that starts or stops the server; what was begun is finished first. */
  readonly signal?: AbortSignal | undefined
  /** PostgreSQL's `bin`, `lib` and `share` for the embedded server, instead of those of this platform's package. */
  readonly binariesFolder?: string | undefined
}

export type DatabaseLease = {
  /** For any PostgreSQL client on this machine. It holds the password, and stays the same while the lease is held. */
  readonly url: string
  readonly kind: 'embedded' | 'given'
  /** For example `18.4`. */
  readonly serverVersion: string
  /** Gives the lease back; the last one of an embedded server stops it and waits for that. Safe to call again. */
  release(): Promise<void>
}

/**
 * A database that answers, held until `release`. Throws DatabaseError: FLOW_DB_URL, FLOW_DB_UNREACHABLE, FLOW_DB_LOGIN,
 * FLOW_DB_NO_DATABASE, FLOW_DB_TOO_OLD, FLOW_DB_READ_ONLY or FLOW_DB_RIGHTS for a given one; FLOW_DB_NO_BINARY,
 * FLOW_DB_FOLDER, FLOW_DB_OWNER, FLOW_DB_INIT, FLOW_DB_START or FLOW_DB_LOCK for the embedded one.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<DatabaseLease> {
  const { databaseUrl, dataFolder, schema = 'kalshiflow', onEvent = () => {}, signal, binariesFolder } = options
  if (databaseUrl === undefined || databaseUrl === '') {
    return await openEmbedded({ dataFolder, onEvent, signal, binariesFolder })
  }
  const { serverVersion } = await checkGiven(databaseUrl, schema)
  return { url: databaseUrl, kind: 'given', serverVersion, release: async () => {} }
}
