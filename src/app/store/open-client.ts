/** A connection to the store's database for a command: leases the embedded server where no other is named. */
import pg from 'pg'
import { type DatabaseLease, openDatabase } from '#store'
import { loadConfig } from '../config/config-load.ts'

export type OpenClient = {
  readonly client: pg.Client
  readonly lease: DatabaseLease
  close(): Promise<void>
}

/** Throws what the database says in a code of ours. `database`: a URL that hides DATABASE_URL. */
export async function openClient(dataFolder: string, database: string | undefined): Promise<OpenClient> {
  const overrides = database === undefined ? {} : { DATABASE_URL: database }
  const { config } = loadConfig({ needsKey: 'never', overrides })
  const lease = await openDatabase({ dataFolder, databaseUrl: config.store.databaseUrl?.reveal() })
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
    async close() {
      await client.end().catch(() => {})
      await lease.release()
    },
  }
}
