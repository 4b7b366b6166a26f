/** A connection to the store's database for a command: leases the embedded server where no other is named. */
import pg from 'pg'
import { type DatabaseLease, openDatabase } from '#store'
import { loadConfig } from '../config/config-load.ts'

export type OpenClient = {
  readonly client: pg.Client
  readonly lease: DatabaseLease
  /** The schema that is ours there. */
  readonly schema: string
  close(): Promise<void>
}

export type ClientFlags = { readonly database?: string | undefined; readonly profile?: string | undefined }

/** Throws what the database says in a code of ours. `database`: a URL that hides DATABASE_URL. */
export async function openClient(dataFolder: string, { database, profile }: ClientFlags): Promise<OpenClient> {
  const overrides = database === undefined ? {} : { DATABASE_URL: database }
  const { databaseUrl, schema } = loadConfig({ needsKey: 'never', overrides, profile }).config.store
  const lease = await openDatabase({ dataFolder, databaseUrl: databaseUrl?.reveal(), schema })
  const client = new pg.Client({ connectionString: lease.url, application_name: 'kalshiflow' })
  // A connection that ends between two queries is told by the next one.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await lease.release()
    throw error
  }
  return {
    client,
    lease,
    schema,
    async close() {
      await client.end().catch(() => {})
      await lease.release()
    },
  }
}
