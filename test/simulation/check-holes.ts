/**
 * S10: every hole that happened stands in the rows, and no other. Where the world broke a book, no interval of validity
 * goes on, and one that ended there has a gap with a cause of that kind. Every gap began with a record at which something
 * happened that its cause may name; and once all is well none is open but for what the last stop left.
 */
import { type MemoryDisk, openCursor } from '#journal'
import type { MemoryRow, MemoryStore } from '#store'
import { type HoleEvent, type HoleKind, type Holes, isAppended } from './holes.ts'
import type { Verdicts } from './invariants.ts'
import { FOLDER } from './recorder.ts'

/** What may have happened where a gap has this cause; a cause that is not here may stand anywhere. */
const KINDS: Readonly<Record<string, readonly HoleKind[]>> = {
  sequence_break: ['break', 'lost'],
  terminal_error: ['ended', 'lost'],
  process_down: ['began'],
  disconnect: ['lost'],
  ping_silence: ['lost'],
  subscribe_timeout: ['lost'],
  resync_timeout: ['lost'],
  own_backpressure: ['lost'],
  recording_stopped: ['lost'],
  stopped: ['lost'],
  malformed: ['spoiled'],
  negative_size: ['impossible', 'spoiled'],
  crossed: ['impossible', 'spoiled'],
  audit_mismatch: ['impossible', 'spoiled'],
}

/** A market that was never told wrong never goes wrong by itself. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['negative_size', 'crossed', 'audit_mismatch'])

export class HoleChecker {
  holes = 0
  gaps = 0
  #untold: ReadonlySet<string> = new Set()
  readonly #verdicts: Verdicts
  readonly #disk: MemoryDisk

  constructor(verdicts: Verdicts, disk: MemoryDisk) {
    this.#verdicts = verdicts
    this.#disk = disk
  }

  async check(store: MemoryStore, holes: Holes): Promise<void> {
    const [cursor] = store.rows('rl_ingest_cursor')
    if (cursor === undefined) return
    const until = { segment: Number(cursor['segment']), offset: Number(cursor['offset']) }
    const places: Place[] = []
    for await (const block of openCursor({ disk: this.#disk, folder: FOLDER, until })) {
      while (block.next()) if (isAppended(block.type)) places.push([block.segment, block.recordOffset])
    }
    this.#untold = holes.untold
    const at = new Map<string, HoleEvent[]>()
    for (const event of holes.events) {
      const place = places[event.index]
      if (place === undefined) continue
      at.set(place.join(':'), [...(at.get(place.join(':')) ?? []), event])
      this.#checkEvent(store, event, place)
    }
    const tickers = new Map(store.rows('rl_markets').map((row) => [row['market_id'], String(row['ticker'])]))
    for (const gap of store.rows('rl_gaps')) this.#checkGap(gap, String(tickers.get(gap['market_id']!)), at)
    this.#checkOpen(store, at)
  }

  /** A hole is never covered by validity, and what it ended has a gap. */
  #checkEvent(store: MemoryStore, { kind, markets }: HoleEvent, place: Place): void {
    if (kind === 'spoiled' || kind === 'impossible') return
    const ids = new Map(store.rows('rl_markets').map((row) => [String(row['ticker']), row['market_id']!]))
    for (const ticker of markets) {
      const id = ids.get(ticker)
      if (id === undefined) continue
      this.holes++
      for (const each of intervalsOf(store).get(id as number) ?? []) {
        // The frame that shows a break may be the snapshot that proves its market anew: an interval may begin there.
        const isCovered = isBefore(from(each), place) && (each['to_segment'] === null || isBefore(place, to(each)))
        if (isCovered) {
          this.#verdicts.broken('S10', `${ticker} is called valid at ${place.join(':')}, where ${kind} ended it`)
        }
        if (each['found_segment'] !== place[0] || each['found_offset'] !== place[1]) continue
        const has = store.rows('rl_gaps').some((gap) => gap['market_id'] === id && isSame(found(gap), place))
        if (!has) this.#verdicts.broken('S10', `${ticker} has no gap at ${place.join(':')}, where ${kind} ended it`)
      }
    }
  }

  #checkGap(gap: MemoryRow, ticker: string, at: ReadonlyMap<string, readonly HoleEvent[]>): void {
    this.gaps++
    const cause = String(gap['cause'])
    const kinds = KINDS[cause]
    if (kinds === undefined) return
    const place = found(gap).join(':')
    const happened = at.get(place) ?? []
    if (happened.some(({ kind }) => kinds.includes(kind))) return
    // An audit under way keeps the book that we had: what gives it away then is another frame than for who took the new one.
    if (OWN_FAULTS.has(cause) && this.#untold.has(ticker)) return
    const words = happened.map(({ kind }) => kind).join(', ') || 'nothing'
    this.#verdicts.broken('S10', `${ticker} has a gap by ${cause} at ${place}, where ${words} happened`)
  }

  /** All books were proven before the last stop: only what it let go may be open. */
  #checkOpen(store: MemoryStore, at: ReadonlyMap<string, readonly HoleEvent[]>): void {
    for (const gap of store.rows('rl_gaps')) {
      if (gap['to_segment'] !== null) continue
      const place = found(gap)
      const isByStop = at.get(place.join(':'))?.some(({ kind }) => kind === 'lost') === true
      const isLast = store.rows('rl_validity').every((each) => isBefore(from(each), place))
      if (!isByStop || !isLast) {
        this.#verdicts.broken('S10', `the gap by ${gap['cause']} at ${place.join(':')} was never closed`)
      }
    }
  }
}

type Place = readonly [segment: number, offset: number]

const placeOf = (row: MemoryRow, prefix: string): Place => [
  Number(row[`${prefix}_segment`]),
  Number(row[`${prefix}_offset`]),
]
const from = (row: MemoryRow): Place => placeOf(row, 'from')
const to = (row: MemoryRow): Place => placeOf(row, 'to')
const found = (row: MemoryRow): Place => placeOf(row, 'found')
const isBefore = (a: Place, b: Place): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])
const isSame = (a: Place, b: Place): boolean => a[0] === b[0] && a[1] === b[1]

const INTERVALS = new WeakMap<MemoryStore, Map<number, MemoryRow[]>>()

/** By market; the store is at rest. */
function intervalsOf(store: MemoryStore): Map<number, MemoryRow[]> {
  const known = INTERVALS.get(store)
  if (known !== undefined) return known
  const markets = new Map<number, MemoryRow[]>()
  for (const row of store.rows('rl_validity')) {
    const id = Number(row['market_id'])
    markets.set(id, [...(markets.get(id) ?? []), row])
  }
  INTERVALS.set(store, markets)
  return markets
}
