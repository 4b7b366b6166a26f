/**
 * A PostgreSQL that is not ours: looked at once, so that what is wrong is said at the start and in plain words. Nothing is
 * made or changed. Only plain statements are used, which a transaction pooler passes on.
 */
import pg from 'pg'
import { codeOf, DatabaseError, textOf } from './database-error.ts'

const CONNECT_LIMIT_MS = 10_000
const QUERY_LIMIT_MS = 10_000
/** Our SQL is tested from this major version on. */
const MAJOR_MIN = 15

export type GivenDatabase = { readonly serverVersion: string }

/** The server's version. Throws FLOW_DB_URL, …UNREACHABLE, …LOGIN, …NO_DATABASE, …TOO_OLD, …READ_ONLY, …RIGHTS. */
export async function checkGiven(url: string, schema: string): Promise<GivenDatabase> {
  const place = describeUrl(url)
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: QUERY_LIMIT_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return await look(client, place, schema)
  } catch (error) {
    throw error instanceof DatabaseError ? error : explain(error, place)
  } finally {
    await client.end().catch(() => {})
  }
}

/** The URL without its password or options, for messages: `user@host:port/database`. Throws FLOW_DB_URL. */
export function describeUrl(url: string): string {
  let parsed: URL | undefined
  try {
    // A URL without a host names a socket folder in its options; the standard wants some host beside a user.
    parsed = new URL(url.replace('@/', '@localhost/'))
  } catch {
    // Node's own error quotes the whole text, password and all, so it is not passed on.
  }
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new DatabaseError(
      'FLOW_DB_URL',
      'DATABASE_URL must look like postgresql://user:password@host:5432/database, with special characters of the password percent-encoded; it does not',
    )
  }
  const host = parsed.searchParams.get('host') || parsed.host || 'localhost'
  return `${parsed.username === '' ? '' : `${parsed.username}@`}${host}${parsed.pathname}`
}

export type GivenFacts = {
  readonly version: string
  readonly number: string
  readonly is_standby: boolean
  readonly read_only: string
  readonly may_create: boolean
  readonly schema_exists: boolean
  readonly may_use: boolean
}

async function look(client: pg.Client, place: string, schema: string): Promise<GivenDatabase> {
  const { rows } = await client.query<GivenFacts>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
       pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') AS read_only,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS schema_exists,
       COALESCE((SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
         FROM pg_namespace WHERE nspname = $1), false) AS may_use`,
    [schema],
  )
  const facts = rows[0]!
  const fault = judgeGiven(facts, place, schema)
  if (fault !== undefined) throw fault
  return { serverVersion: facts.version }
}

/** What makes a server unfit for us; `undefined` when nothing does. */
export function judgeGiven(facts: GivenFacts, place: string, schema: string): DatabaseError | undefined {
  const major = Math.floor(Number(facts.number) / 10_000)
  if (major < MAJOR_MIN) {
    const message = `PostgreSQL ${MAJOR_MIN} or newer is needed, ${place} is ${facts.version}: update it or unset DATABASE_URL`
    return new DatabaseError('FLOW_DB_TOO_OLD', message, { place, found: major, needed: MAJOR_MIN })
  }
  if (facts.is_standby || facts.read_only === 'on') {
    const what = facts.is_standby ? 'a standby server' : 'read-only for this user'
    const message = `${place} is ${what}: point DATABASE_URL at a server that takes writes`
    return new DatabaseError('FLOW_DB_READ_ONLY', message, { place })
  }
  if (facts.schema_exists ? facts.may_use : facts.may_create) return undefined
  const what = facts.schema_exists ? `use schema ${schema}` : `make schema ${schema}`
  const grant = facts.schema_exists ? `CREATE, USAGE ON SCHEMA ${schema}` : 'CREATE ON DATABASE'
  const message = `the user of ${place} may not ${what}: GRANT ${grant} to it`
  return new DatabaseError('FLOW_DB_RIGHTS', message, { place, schema })
}

function explain(error: unknown, place: string): DatabaseError {
  const code = codeOf(error)
  const fields = { place, reason: code }
  const said = textOf(error)
  if (code.startsWith('28')) {
    return new DatabaseError(
      'FLOW_DB_LOGIN',
      `${place} refused the user or the password: ${said}. Check DATABASE_URL`,
      fields,
    )
  }
  if (code === '3D000') {
    return new DatabaseError('FLOW_DB_NO_DATABASE', `${place}: ${said}. Create it or correct DATABASE_URL`, fields)
  }
  // A server that wants a password when none was given is answered by the driver, without a code.
  if (/password must be a string|no password/i.test(said)) {
    return new DatabaseError('FLOW_DB_LOGIN', `${place} wants a password and DATABASE_URL has none`, fields)
  }
  return new DatabaseError(
    'FLOW_DB_UNREACHABLE',
    `${place} does not answer: ${said}. Start it, or correct DATABASE_URL, or unset it to use the embedded server`,
    fields,
  )
}
