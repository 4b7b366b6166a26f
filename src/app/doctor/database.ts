/**
 * The database: the one that was named, or what there is of the embedded one. Nothing is started, made or migrated. Our
 * tables need no extension of PostgreSQL.
 */
import pg from 'pg'
import { DatabaseError, lookAtEmbedded, openDatabase, readMigrations, readStatus, SchemaError } from '#store'
import { isPrivateHost } from '../config/config-exchange.ts'
import { bad, type Check, type Finding, good, skipped, warn } from './check.ts'
import type { Surroundings } from './surroundings.ts'

export const database: Check = {
  name: 'database',
  limitMs: 30_000,
  look: (surroundings) =>
    surroundings.config.store.databaseUrl === undefined ? lookAtOurs(surroundings) : lookAtGiven(surroundings),
}

async function lookAtGiven({ config, dataFolder, isOffline }: Surroundings): Promise<Finding> {
  const { databaseUrl, schema } = config.store
  const url = databaseUrl!.reveal()
  if (isOffline && !isNear(url)) return skipped('offline')
  try {
    const { serverVersion } = await openDatabase({ databaseUrl: url, dataFolder, schema })
    return await lookAtSchema(url, schema, `PostgreSQL ${serverVersion}`)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return bad({
      found: error.message,
      needed: 'PostgreSQL 15 or newer that takes writes, with the right to make our schema',
      remedy: `Mend what is said above (${error.code}), or unset DATABASE_URL to use the embedded server.`,
    })
  }
}

function isNear(url: string): boolean {
  try {
    const { hostname } = new URL(url.replace('@/', '@localhost/'))
    return hostname === '' || isPrivateHost(hostname)
  } catch {
    return true
  }
}

async function lookAtOurs({ dataFolder }: Surroundings): Promise<Finding> {
  const { binaries, cluster, url } = await lookAtEmbedded(dataFolder)
  if (binaries.kind === 'absent') {
    return bad({
      found: binaries.why,
      needed: 'PostgreSQL binaries that run here, or a server of yours',
      remedy: 'Set DATABASE_URL to a PostgreSQL 15 or newer, or record with --no-store.',
    })
  }
  if (url !== undefined) return lookAtSchema(url, 'kalshiflow', 'the embedded PostgreSQL runs')
  const program = binaries.kind === 'run' ? `embedded PostgreSQL ${binaries.version}` : 'embedded PostgreSQL'
  if (cluster === 'absent') return good(`${program} is installed; its database is made at the first start`)
  const files = cluster === 'unreadable' ? 'its files belong to a user of its own' : `files of version ${cluster}`
  if (binaries.kind === 'run' && typeof cluster === 'number' && cluster !== binaries.major) {
    return warn({
      found: `${program}, and ${files}`,
      needed: `files of version ${binaries.major}`,
      remedy: 'Nothing: the next start keeps the old folder aside and makes the rows again from the journal.',
    })
  }
  return good(`${program} is installed, ${files}; not running now`)
}

/** The schema's version against this program's; one that is older is migrated by the next start. */
async function lookAtSchema(url: string, schema: string, server: string): Promise<Finding> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, query_timeout: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const startedMs = performance.now()
    await client.query('SELECT 1')
    const roundTripMs = Math.round((performance.now() - startedMs) * 10) / 10
    const { version, pending } = await readStatus(client, { schema })
    const known = (await readMigrations()).length
    const figures = { schema_version: version, known_version: known, round_trip_ms: roundTripMs }
    const answers = `${server}, ${roundTripMs} ms a round trip`
    if (version === 0) return good(`${answers}; schema ${schema} is made at the first start`, figures)
    if (pending.length === 0) return good(`${answers}; schema ${schema} is at version ${version}`, figures)
    return warn({
      found: `${answers}; schema ${schema} is at version ${version} of ${known}`,
      needed: `version ${known}`,
      remedy: 'The next start brings it up; `kalshiflow db migrate` does it now.',
      figures,
    })
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    return bad({ found: error.message, needed: 'a schema that this program knows', remedy: `See ${error.code}.` })
  } finally {
    await client.end().catch(() => {})
  }
}
