/**
 * The writer behind a transaction pooler, where each transaction may meet another server process, and before a database
 * that was put back to an older state under it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type StoreEvent, StoreWriter } from '#store'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { until } from '../support/recording.ts'
import { blockEnds, type Story, tellAtLength } from './writer-story.ts'
import { EVERYTHING, storeAll, tableDigests, writerOptions } from './writer-support.ts'

const POOLER = '/usr/sbin/pgbouncer'
const POOLER_PORT = 6432

let postgres: TestPostgres
let client: pg.Client
let story: Story
let right: Record<string, string>

beforeAll(async () => {
  postgres = await startPostgres()
  client = await postgres.connect()
  story = await tellAtLength(11, 600)
  await storeAll(writerOptions(postgres, story.journal, 'right'))
  right = await tableDigests(client, 'right')
}, 60_000)

afterAll(async () => {
  story.remove()
  await postgres.stop()
})

test.skipIf(!existsSync(POOLER))(
  'behind a transaction pooler the rows are the same (skipped without pgbouncer)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-pooler-'))
    const pooler = await startPooler(folder)
    try {
      const database = { ...postgres.config, host: folder, port: POOLER_PORT }
      await storeAll(writerOptions(postgres, story.journal, 'pooled', { database, rowsMax: 50, batchRows: 1 }))
    } finally {
      pooler.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
    expect(await tableDigests(client, 'pooled')).toEqual(right)
  },
  60_000,
)

test('before a database that was put back under it, it catches up, and says so', async () => {
  const ends = await blockEnds(story.journal)
  const at = (part: number) => ends[Math.floor(ends.length * part)]!
  await storeAll(writerOptions(postgres, story.journal, 'backup', { durable: () => at(0.3) }))
  const events: StoreEvent[] = []
  let durable = at(0.6)
  const writer = new StoreWriter(
    writerOptions(postgres, story.journal, 'kept', { durable: () => durable, onEvent: (event) => events.push(event) }),
  )
  void writer.run()
  try {
    await until('it has stored what it may', () => writer.status.position.offset === durable.offset)
    await client.query('ALTER SCHEMA kept RENAME TO lost')
    await client.query('ALTER SCHEMA backup RENAME TO kept')
    durable = EVERYTHING
    await until(
      'everything is stored',
      async () => (await tableDigests(client, 'kept'))['rl_sessions'] === right['rl_sessions'],
      30_000,
    )
  } finally {
    await writer.stop()
  }
  expect(await tableDigests(client, 'kept')).toEqual(right)
  expect(events.some(({ kind }) => kind === 'standby')).toBe(true)
}, 60_000)

/** pgbouncer before the server, by a socket in the folder; each transaction meets the connection that waited longest. */
async function startPooler(folder: string): Promise<ChildProcess> {
  const { host, port, database, user } = postgres.config
  writeFileSync(join(folder, 'users.txt'), `"${user}" ""\n`)
  writeFileSync(
    join(folder, 'pooler.ini'),
    `[databases]
${database} = host=${host} port=${port} dbname=${database} user=${user}
[pgbouncer]
listen_addr =
listen_port = ${POOLER_PORT}
unix_socket_dir = ${folder}
auth_type = trust
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
ignore_startup_parameters = extra_float_digits
`,
  )
  // Neither of the two runs as root, and the pooler must reach the server's socket.
  const { uid, gid } = statSync(postgres.folder)
  chownSync(folder, uid, gid)
  const pooler = spawn(POOLER, [join(folder, 'pooler.ini')], { uid, gid, stdio: 'ignore' })
  await until('the pooler answers', () => answers(join(folder, `.s.PGSQL.${POOLER_PORT}`)))
  return pooler
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = dial(path)
    socket.on('connect', () => done(true)).on('error', () => done(false))
    socket.on('connect', () => socket.destroy())
  })
}
