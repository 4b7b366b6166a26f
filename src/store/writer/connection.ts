/** A connection to PostgreSQL for one writer: how it is made, how it is let go under a silent server, and COPY on it. */
import { finished } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

const CONNECT_MS_MAX = 10_000

export type Target = string | pg.ClientConfig

/** Connected, or rejects with the connection's error. */
export async function connect(target: Target): Promise<pg.Client> {
  const options = typeof target === 'string' ? { connectionString: target } : target
  const client = new pg.Client({
    connectionTimeoutMillis: CONNECT_MS_MAX,
    application_name: 'kalshiflow store',
    keepAlive: true,
    ...options,
  })
  // A connection that breaks between two queries tells nobody else; the next query fails and says so.
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Lets go of a connection that is broken or must not be used again. */
export function dispose(client: pg.Client | undefined): void {
  // A waiting COPY holds `end` back for as long as the server is silent: the socket is closed under it.
  const socket = (client as unknown as { connection?: { stream?: { destroy(): void } } } | undefined)?.connection
    ?.stream
  client?.end().catch(() => {})
  socket?.destroy()
}

/** Sends the bytes of one COPY … FROM STDIN. */
export async function copyInto(client: pg.Client, sql: string, bytes: Uint8Array): Promise<void> {
  const stream = client.query(copyFrom(sql))
  stream.end(bytes)
  await finished(stream)
}
