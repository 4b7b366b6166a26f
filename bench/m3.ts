/**
 * The store by itself: rows a second from a finished journal into PostgreSQL's real tables, reading, decoding, folding and
 * committing included, with fsync and synchronous_commit on; beside it the bare COPY of the very rows that were written.
 * Runs in a process of its own (apart.ts), against a server of its own.
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { Book, canonicalText } from '#book'
import { type CentiCents, type CentiContracts, type Level, RECORD, type Side } from '#domain'
import { encodeJson, FileDisk, openJournal } from '#journal'
import { type StoreWorker, startStoreWorker } from '#store'
import { startPostgres, type TestPostgres } from '../test/support/postgres.ts'
import { progress, say, takeJob } from './apart.ts'
import { generateTape, SUBSCRIBED } from './generated-tape.ts'
import { PlainBooks } from './oracle.ts'
import { type Check, type Report, speedOf } from './report.ts'
import { temporaryFolder } from './temporary-folder.ts'

export type M3Job = {
  readonly markets: number
  readonly deltas: number
  readonly seed: number
  readonly rounds: number
  /** What a delta row may take; none is checked in a table so small that its pages are mostly empty. */
  readonly deltaBytesMax?: number
}

const CONNECTION = 1
const DRAIN_MS_MAX = 150_000

const job = await takeJob<M3Job>()
const root = temporaryFolder()
progress('m3: journal into PostgreSQL')
await say(await measure())

async function measure(): Promise<Report> {
  const { markets, deltas, seed, rounds, deltaBytesMax } = job
  const folder = join(root, 'journal')
  const { wanted, frames, durable } = await recordTape(folder)
  const postgres = await startPostgres(undefined, {})
  const stored: number[] = []
  const copied: number[] = []
  const found = new Set<string>()
  let rows = 0
  let bytes = { heap: 0, indexes: 0, rows: 1 }
  let server = { version: '', fsync: '', commit: '' }
  try {
    const client = await postgres.connect()
    server = await settingsOf(client)
    for (let round = -1; round < rounds; round++) {
      const schema = `m3_${round + 1}`
      const startedMs = performance.now()
      const worker = startStoreWorker({ journalFolder: folder, database: postgres.config, schema })
      worker.durable(durable)
      await drained(worker)
      const seconds = (performance.now() - startedMs) / 1000
      rows = worker.status().rows
      await worker.stop()
      found.add(await digestOf(client, schema))
      const bare = await copyBare(postgres, client, schema)
      if (round >= 0) {
        stored.push(rows / seconds)
        copied.push(bare)
      }
      bytes = await sizeOf(client, schema)
      await client.query(`DROP SCHEMA "${schema}" CASCADE`)
    }
  } finally {
    await postgres.stop()
    rmSync(root, { recursive: true, force: true })
  }
  const bytesOfRow = (bytes.heap + bytes.indexes) / bytes.rows
  return {
    bench: 'm3',
    name: 'journal into PostgreSQL',
    input: `${frames.toLocaleString('en-US')} frames of ${markets} markets, ${deltas.toLocaleString('en-US')} deltas, seed ${seed}`,
    how: [
      'From the start of the thread to the last commit: migrations, partitions, journal read, decode, fold, COPY, watermark.',
      `PostgreSQL ${server.version} on the same machine, fsync ${server.fsync}, synchronous_commit ${server.commit}; bare COPY: the same delta rows, encoded, into a table of the same shape.`,
      ...(deltaBytesMax === undefined ? ['So few rows that the bytes a row mean nothing: they are not checked.'] : []),
    ],
    speeds: [
      speedOf('stored, everything included', 'rows/s', stored),
      speedOf('bare COPY of the same delta rows', 'rows/s', copied),
    ],
    distributions: [],
    facts: {
      rows,
      'bytes a delta row, heap': bytes.heap / bytes.rows,
      'bytes a delta row, indexes': bytes.indexes / bytes.rows,
      'bytes a delta row': bytesOfRow,
    },
    checks: [{ what: 'books made from the rows', found: [...found].join(' '), wanted }, ...checkBytes(bytesOfRow)],
  }
}

function checkBytes(found: number): Check[] {
  const { deltaBytesMax } = job
  if (deltaBytesMax === undefined) return []
  const wanted = `at most ${deltaBytesMax}`
  return [{ what: 'bytes a delta row', found: found <= deltaBytesMax ? wanted : found.toFixed(1), wanted }]
}

async function settingsOf(client: pg.Client) {
  const { rows } = await client.query<{ version: string; fsync: string; commit: string }>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS commit`,
  )
  return rows[0]!
}

async function recordTape(folder: string) {
  const { markets, deltas, seed } = job
  const journal = await openJournal({ disk: new FileDisk(), folder, environment: 'sim' })
  const opened = { host: 'bench', environment: 'sim', useYesPrice: true, firstSeq: 'one' }
  journal.append(RECORD.CONNECTION_OPENED, CONNECTION, encodeJson(opened))
  const tape = [...generateTape({ markets, deltas, seed, useYesPrice: true, shape: 'today' })]
  const tickers = new Set(tape.slice(0, markets).map((frame) => JSON.parse(frame).msg.market_ticker))
  const params = { channels: ['orderbook_delta'], market_tickers: [...tickers], use_yes_price: true }
  journal.append(RECORD.COMMAND, CONNECTION, encodeJson({ id: 1, cmd: 'subscribe', params }))
  const books = new PlainBooks(true)
  let frames = 0
  for (const frame of [SUBSCRIBED, ...tape]) {
    const bytes = Buffer.from(frame)
    books.take(frame)
    while (journal.append(RECORD.FRAME, CONNECTION, bytes) === 'full') await nextTurn()
    if (++frames % 1000 === 0) await nextTurn()
  }
  await journal.close()
  return { wanted: books.digest(), frames, durable: journal.durable }
}

async function drained(worker: StoreWorker): Promise<void> {
  const { isComplete } = await worker.drain(DRAIN_MS_MAX)
  if (!isComplete) throw new Error(`the store did not finish: ${JSON.stringify(worker.status())}`)
}

/** Rows a second of one COPY of the delta rows, as the server itself writes them in binary, and one commit. */
async function copyBare(postgres: TestPostgres, client: pg.Client, schema: string): Promise<number> {
  const rows: Buffer[] = []
  const out = client.query(copyTo(`COPY (SELECT * FROM "${schema}".rl_orderbook_deltas) TO STDOUT (FORMAT binary)`))
  for await (const chunk of out) rows.push(chunk as Buffer)
  const other = await postgres.connect()
  await other.query(`CREATE TABLE "${schema}".bare (LIKE "${schema}".rl_orderbook_deltas INCLUDING ALL)`)
  const startedMs = performance.now()
  const into = other.query(copyFrom(`COPY "${schema}".bare FROM STDIN (FORMAT binary)`))
  into.end(Buffer.concat(rows))
  await finished(into)
  const seconds = (performance.now() - startedMs) / 1000
  const { rowCount } = into
  await other.end()
  return rowCount / seconds
}

async function sizeOf(client: pg.Client, schema: string) {
  const { rows } = await client.query<{ heap: string; indexes: string; rows: string }>(
    `SELECT sum(pg_relation_size(relid)) AS heap, sum(pg_indexes_size(relid)) AS indexes,
            (SELECT count(*) FROM "${schema}".rl_orderbook_deltas) AS rows
     FROM pg_partition_tree('"${schema}".rl_orderbook_deltas') WHERE isleaf`,
  )
  const { heap = 0, indexes = 0, rows: count = 1 } = rows[0] ?? {}
  return { heap: Number(heap), indexes: Number(indexes), rows: Number(count) }
}

/** The digest of {@link PlainBooks} over books made from snapshot and delta rows alone. */
async function digestOf(client: pg.Client, schema: string): Promise<string> {
  type Base = { market_id: number; ticker: string } & Record<string, (string | number)[]>
  const { rows: bases } = await client.query<Base>(
    `SELECT m.ticker, s.* FROM "${schema}".rl_orderbook_snapshots s JOIN "${schema}".rl_markets m USING (market_id)`,
  )
  const books = new Map<number, { ticker: string; book: Book }>()
  for (const base of bases) {
    const levels = (side: string) =>
      base[`${side}_prices`]!.map((price, index) => [Number(price), Number(base[`${side}_sizes`]![index])])
    const book = new Book()
    book.replace({ yes: levels('yes') as unknown as Level[], no: levels('no') as unknown as Level[] })
    books.set(base.market_id, { ticker: base.ticker, book })
  }
  const { rows } = await client.query<{ market_id: number; side: Side; price: number; change: string }>(
    `SELECT market_id, side, price, change FROM "${schema}".rl_orderbook_deltas ORDER BY segment, "offset"`,
  )
  for (const { market_id, side, price, change } of rows) {
    books.get(market_id)!.book.add(side, price as CentiCents, Number(change) as CentiContracts)
  }
  const texts = [...books.values()].map(({ ticker, book }) => canonicalText(ticker, book.levels()))
  return createHash('sha256').update(texts.sort().join('')).digest('hex')
}
