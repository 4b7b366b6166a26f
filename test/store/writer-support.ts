/**
 * What the writer's tests share: a journal recorded from a capture through the real exchange and recorder, a writer run to
 * its end, and books made from the database's rows alone.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { Book } from '#book'
import type { CentiCents, CentiContracts, Level, Side } from '#domain'
import { FileDisk, listSegments } from '#journal'
import { StoreWriter, type StoreWriterOptions } from '#store'
import { digestOf } from '../support/fold.ts'
import type { TestPostgres } from '../support/postgres.ts'
import { aFolder, record, untilPlayed } from '../support/recording.ts'

export const EVERYTHING = { segment: Number.MAX_SAFE_INTEGER, offset: 0 }

export type RecordedJournal = {
  /** The data folder; its journal is finished. */
  readonly folder: string
  readonly journal: string
  /** Frames sent, by type. */
  readonly frames: Readonly<Record<string, number>>
  remove(): void
}

/** Plays a capture into a recorder, stops it, and hands over its journal. */
export async function recordCapture(
  capture: string,
  options: { readonly untilSeq?: number; readonly useYesPrice?: boolean; readonly markets?: number } = {},
): Promise<RecordedJournal> {
  const folder = aFolder()
  const { untilSeq, useYesPrice = true, markets } = options
  const recording = await record(
    {
      capture,
      speed: 'max',
      ...(untilSeq === undefined ? {} : { untilSeq }),
      ...(markets === undefined ? {} : { startAfterMarkets: markets }),
    },
    { folder: folder.path, useYesPrice },
  )
  const { frames } = await untilPlayed(recording)
  await recording.close()
  return { folder: folder.path, journal: join(folder.path, 'journal'), frames, remove: folder.remove }
}

/** A copy of a finished journal, to add to or to spoil. */
export function copyJournal({ journal }: RecordedJournal): RecordedJournal {
  const folder = aFolder()
  cpSync(journal, join(folder.path, 'journal'), { recursive: true })
  return { folder: folder.path, journal: join(folder.path, 'journal'), frames: {}, remove: folder.remove }
}

type ByPostgres = { readonly database: Partial<TestPostgres['config']> }

export const writerOptions = (
  postgres: TestPostgres,
  journal: string,
  schema: string,
  options: Partial<StoreWriterOptions & ByPostgres> = {},
): StoreWriterOptions & ByPostgres => ({
  journalFolder: journal,
  database: postgres.config,
  durable: () => EVERYTHING,
  schema,
  flushIntervalMs: 20,
  ...options,
})

/**
 * Stores a finished journal as far as it may be read. Answers the writer's last words. `mayStopShort`: with conflation the
 * watermark stays before an open window, so that the writer is only waited for until it stands still.
 */
export async function storeAll(options: StoreWriterOptions, mayStopShort = false) {
  const last = (await listSegments(new FileDisk(), options.journalFolder)).at(-1)
  const bound = options.durable()
  const end = bound.segment < EVERYTHING.segment ? bound : { segment: last?.number ?? 0, offset: last?.bytes ?? 0 }
  const writer = new StoreWriter(options)
  const running = writer.run()
  let failure: unknown
  running.catch((error: unknown) => {
    failure = error
  })
  await untilStill(writer, () => failure !== undefined, mayStopShort ? undefined : end)
  const { status } = writer
  await writer.stop()
  if (failure !== undefined) throw failure
  return status
}

/** Waits until the writer has reached `end`; without one, until its position stands still for a while. */
export async function untilStill(
  writer: StoreWriter,
  isOver: () => boolean = () => false,
  end?: { segment: number; offset: number },
): Promise<void> {
  let before = ''
  let stillMs = 0
  for (const until = performance.now() + 60_000; performance.now() < until; ) {
    await new Promise((done) => setTimeout(done, 20))
    const { position, state } = writer.status
    const here = `${position.segment}:${position.offset}`
    stillMs = here === before && state === 'writing' ? stillMs + 20 : 0
    before = here
    if (isOver()) return
    if (end !== undefined && position.segment === end.segment && position.offset === end.offset) return
    if (end === undefined && stillMs >= 500) return
  }
  throw new Error(`the writer did not catch up: ${JSON.stringify(writer.status)}`)
}

/** A digest of each table's rows, whatever their order; what depends on the moment of writing is left out. */
export async function tableDigests(client: pg.Client, schema: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  const tables = [
    'rl_markets',
    'rl_orderbook_deltas',
    'rl_orderbook_snapshots',
    'rl_trades',
    'rl_trade_ids',
    'rl_ticker',
    'rl_market_lifecycle',
    'rl_sessions',
    'rl_connections',
    'rl_gaps',
    'rl_validity',
    'rl_market_coverage',
    'rl_audits',
    'rl_quarantine',
  ]
  for (const table of tables) {
    const { rows } = await client.query<{ count: string; digest: string }>(
      `SELECT count(*) AS count, coalesce(md5(string_agg(h, '' ORDER BY h)), '') AS digest
       FROM (SELECT md5(t::text) AS h FROM "${schema}"."${table}" AS t) AS hashes`,
    )
    digests[table] = `${rows[0]?.count} ${rows[0]?.digest}`
  }
  return digests
}

export async function countRows(client: pg.Client, schema: string, table: string, where = 'true'): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) AS count FROM "${schema}"."${table}" WHERE ${where}`,
  )
  return Number(rows[0]?.count)
}

/** Where the delta row after the first `count` of them stands; past everything when there is none. */
export async function placeAfterDeltas(client: pg.Client, schema: string, count: number) {
  const { rows } = await client.query<{ segment: number; offset: string }>(
    `SELECT segment, "offset" FROM "${schema}".rl_orderbook_deltas ORDER BY segment, "offset" OFFSET $1 LIMIT 1`,
    [count],
  )
  return rows[0] === undefined ? EVERYTHING : { segment: rows[0].segment, offset: Number(rows[0].offset) }
}

type Num = string | number

/** Every market's book from rows alone: its last whole book, and the changes after it that were applied. */
export async function booksFromRows(
  client: pg.Client,
  schema: string,
  at = EVERYTHING,
): Promise<Record<string, { sha256: string; valid: boolean }>> {
  const place = [at.segment > 2 ** 31 - 1 ? 2 ** 31 - 1 : at.segment, at.offset]
  const { rows: markets } = await client.query<{ market_id: number; ticker: string; valid: boolean }>(
    `SELECT m.market_id, m.ticker, EXISTS (
       SELECT FROM "${schema}".rl_validity v WHERE v.market_id = m.market_id
         AND (v.from_segment, v.from_offset) < ($1::integer, $2::bigint)
         AND (v.to_segment IS NULL OR (v.to_segment, v.to_offset) >= ($1, $2))) AS valid
     FROM "${schema}".rl_markets m`,
    place,
  )
  const books: Record<string, { sha256: string; valid: boolean }> = {}
  for (const { market_id, ticker, valid } of markets) {
    const { rows: bases } = await client.query<Record<string, Num[]> & { segment: number; offset: string }>(
      `SELECT * FROM "${schema}".rl_orderbook_snapshots WHERE market_id = $1 AND known AND (segment, "offset") < ($2, $3)
       ORDER BY segment DESC, "offset" DESC LIMIT 1`,
      [market_id, ...place],
    )
    const base = bases[0]
    if (base === undefined) continue
    const levels = (side: 'yes' | 'no') =>
      base[`${side}_prices`]!.map((price, index) => [
        Number(price),
        Number(base[`${side}_sizes`]![index]),
      ]) as unknown as Level[]
    const book = new Book()
    book.replace({ yes: levels('yes'), no: levels('no') })
    const { rows: deltas } = await client.query<{ side: Side; price: number; change: string; size_after: string }>(
      `SELECT side, price, change, size_after FROM "${schema}".rl_orderbook_deltas
       WHERE market_id = $1 AND size_after IS NOT NULL AND (segment, "offset") > ($2, $3) AND (segment, "offset") < ($4, $5)
       ORDER BY segment, "offset"`,
      [market_id, base.segment, base.offset, ...place],
    )
    for (const { side, price, change, size_after } of deltas) {
      const after = book.add(side, price as CentiCents, Number(change) as CentiContracts)
      if (after !== Number(size_after))
        throw new Error(`${ticker}: size ${after} at ${price}, the row says ${size_after}`)
    }
    books[ticker] = { sha256: digestOf(ticker, book.levels()), valid }
  }
  return books
}
