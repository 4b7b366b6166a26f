/**
 * S8: each record up to the watermark is its row once. Two derivations from the durable journal alone: frames read here
 * with JSON.parse and nothing of the product, each of which must be one row or one of quarantine at its own place; and one
 * fold from the journal's start without a fault, a pause or a second batch, whose rows must be those of the database.
 */
import { RECORD } from '#domain'
import { type JournalBlock, type MemoryDisk, openCursor } from '#journal'
import { type MemoryRow, MemoryStore, StoreWriter } from '#store'
import type { Verdicts } from './invariants.ts'
import { FOLDER } from './recorder.ts'
import type { VirtualTime } from './virtual-time.ts'

type Place = string

/** What the tables must say of one record. */
type Expected = { readonly table: string; readonly seq?: number; readonly sid?: number; readonly tradeId?: string }

const TABLE_OF: Readonly<Record<string, string>> = {
  orderbook_delta: 'rl_orderbook_deltas',
  orderbook_snapshot: 'rl_orderbook_snapshots',
  trade: 'rl_trades',
  ticker: 'rl_ticker',
}

const COMPARED = [
  'rl_markets',
  'rl_orderbook_deltas',
  'rl_orderbook_snapshots',
  'rl_trades',
  'rl_trade_ids',
  'rl_ticker',
  'rl_sessions',
  'rl_connections',
  'rl_gaps',
  'rl_validity',
  'rl_market_coverage',
  'rl_audits',
  'rl_quarantine',
]

export class RowChecker {
  rows = 0
  readonly #verdicts: Verdicts
  readonly #disk: MemoryDisk

  constructor(verdicts: Verdicts, disk: MemoryDisk) {
    this.#verdicts = verdicts
    this.#disk = disk
  }

  async check(store: MemoryStore): Promise<void> {
    const [cursor] = store.rows('rl_ingest_cursor')
    if (cursor === undefined) return
    const until = { segment: Number(cursor['segment']), offset: Number(cursor['offset']) }
    const expected = new Map<Place, Expected>()
    for await (const block of openCursor({ disk: this.#disk, folder: FOLDER, until })) {
      while (block.next()) {
        const each = expectedOf(block)
        if (each !== undefined) expected.set(`${block.segment}:${block.recordOffset}`, each)
      }
    }
    this.#checkPlaces(store, expected)
  }

  /** Rows of a store that has read the journal in one go: the database's must be the same. */
  async compare(store: MemoryStore, time: VirtualTime): Promise<void> {
    const [cursor] = store.rows('rl_ingest_cursor')
    if (cursor === undefined) return
    const until = { segment: Number(cursor['segment']), offset: Number(cursor['offset']) }
    const right = new MemoryStore()
    const actor = time.actor()
    const writer = new StoreWriter({
      journalFolder: FOLDER,
      database: right,
      durable: () => until,
      disk: this.#disk,
      time: actor.time,
      rowsMax: 10_000_000,
      batchRows: 10_000_000,
      flushIntervalMs: 1,
    })
    void writer.run()
    // Promises are settled after a timer of an actor: it has one.
    actor.time.every(5, () => {})
    for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
      await time.runFor(20)
      const { position } = writer.status
      if (position.segment === until.segment && position.offset === until.offset) break
    }
    time.kill(actor)
    for (const table of COMPARED) {
      const [found, needed] = [store, right].map((each) => each.rows(table).map(textOf).sort())
      const at = needed!.findIndex((text, index) => text !== found![index])
      if (at < 0 && found!.length === needed!.length) continue
      const words = `${found!.length} rows, and one fold makes ${needed!.length}`
      const first = at < 0 ? `has also ${found![needed!.length]}` : `has ${found![at]}\nand not ${needed![at]}`
      this.#verdicts.broken('S8', `${table} has ${words}; it ${first}`)
      return
    }
  }

  #checkPlaces(store: MemoryStore, expected: ReadonlyMap<Place, Expected>): void {
    const quarantined = new Set(store.rows('rl_quarantine').map(placeOf))
    const trades = new Map(store.rows('rl_trade_ids').map((row) => [String(row['trade_id']), placeOf(row)]))
    const found = new Map<Place, MemoryRow>()
    for (const table of Object.values(TABLE_OF)) {
      for (const row of store.rows(table)) {
        this.rows++
        const place = placeOf(row)
        const each = expected.get(place)
        if (found.has(place)) this.#verdicts.broken('S8', `the record at ${place} is twice a row, in ${table} at last`)
        else if (each?.table !== table) {
          this.#verdicts.broken(
            'S8',
            `${table} has a row of ${place}, where the journal has ${each?.table ?? 'no frame'}`,
          )
        } else if (table === 'rl_orderbook_deltas' && (row['seq'] !== each.seq || row['sid'] !== each.sid)) {
          this.#verdicts.broken('S8', `the delta at ${place} is stored as ${row['sid']}:${row['seq']}`)
        }
        found.set(place, row)
      }
    }
    for (const [place, { table, tradeId }] of expected) {
      if (found.has(place) || quarantined.has(place)) continue
      if (tradeId !== undefined && trades.has(tradeId) && trades.get(tradeId) !== place) continue
      this.#verdicts.broken('S8', `the record at ${place} is no row of ${table}`)
    }
  }
}

const placeOf = (row: MemoryRow): Place => `${row['segment']}:${row['offset']}`

function expectedOf(block: JournalBlock): Expected | undefined {
  if (block.type === RECORD.CHECKPOINT) return { table: 'rl_orderbook_snapshots' }
  if (block.type !== RECORD.FRAME) return undefined
  try {
    const { type, sid, seq, msg } = JSON.parse(block.body().toString('utf8')) as {
      type: string
      sid: number
      seq: number
      msg?: { trade_id?: string }
    }
    const table = TABLE_OF[type]
    if (table === undefined) return undefined
    return { table, seq, sid, ...(type === 'trade' && msg?.trade_id !== undefined ? { tradeId: msg.trade_id } : {}) }
  } catch {
    return undefined
  }
}

const textOf = (row: MemoryRow): string =>
  Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      if (value instanceof Uint8Array) return `${name}=${Buffer.from(value).toString('latin1')}`
      return `${name}=${typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : String(value)}`
    })
    .sort()
    .join(' ')
