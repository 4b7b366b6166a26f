/**
 * Books as JSON text, made once for each change however many clients ask: what follows from the levels is kept with the
 * market until one of them changes; what moves without them (proof, age, position) is written anew each time.
 *
 * An answer of many books is kept whole for some milliseconds besides, since at ten thousand changes a second there is a
 * new book for every request. It says its own position, and all its books are of that position.
 */

import { formatPosition } from '#domain'
import type { Market } from '#feed'
import { type BookView, type Replica, viewBook } from '#live'

export type SnapshotRequest = {
  /** All of them known. */
  readonly markets: readonly Market[]
  /** Best levels on each side; all without it. */
  readonly depth: number | undefined
}

/** What a book's levels follow from: its last frame, and within which snapshot or checkpoint. */
type Held = {
  readonly snapshots: number
  readonly seq: number
  readonly basedMs: number
  /** By depth; 0 stands for all levels. */
  readonly texts: Map<number, string>
}
type Answer = { readonly bytes: Buffer; readonly madeMs: number }

/** Depths kept of one book: the last ones asked for. */
const DEPTHS_MAX = 4
const ANSWERS_MAX = 8
/** An answer of fewer books is quickly made. */
const KEPT_MARKETS_MIN = 5

export class SnapshotCache {
  readonly #answerAgeMsMax: number
  readonly #held = new WeakMap<Market, Held>()
  readonly #answers = new Map<string, Answer>()
  /** Books that were made into text, and answers that were not made at all. */
  readonly counts = { encoded: 0, reused: 0, answersReused: 0 }

  constructor(answerAgeMsMax: number) {
    this.#answerAgeMsMax = answerAgeMsMax
  }

  /** The whole answer, as UTF-8. */
  answer(copy: Replica, { markets, depth }: SnapshotRequest): Buffer {
    if (markets.length < KEPT_MARKETS_MIN) return this.#make(copy, markets, depth)
    const key = `${depth ?? 0} ${markets.map(({ ticker }) => ticker).join(',')}`
    const nowMs = performance.now()
    const kept = this.#answers.get(key)
    if (kept !== undefined && nowMs - kept.madeMs <= this.#answerAgeMsMax) {
      this.counts.answersReused++
      return kept.bytes
    }
    const bytes = this.#make(copy, markets, depth)
    this.#answers.delete(key)
    this.#answers.set(key, { bytes, madeMs: nowMs })
    for (const [oldest] of this.#answers) {
      if (this.#answers.size <= ANSWERS_MAX) break
      this.#answers.delete(oldest)
    }
    return bytes
  }

  #make(copy: Replica, markets: readonly Market[], depth: number | undefined): Buffer {
    const nowMs = Date.now()
    const shared = `"position":"${formatPosition(copy.position)}","behind_ms":${shortMs(copy.behindMs)}`
    const books = markets.map(
      (market) => `${JSON.stringify(market.ticker)}:${this.#book(copy, market, depth, nowMs, shared)}`,
    )
    const tickers = JSON.stringify(markets.map(({ ticker }) => ticker))
    return Buffer.from(
      `{"market_tickers":${tickers},"timestamp":"${new Date(nowMs).toISOString()}","state":"${copy.state}",${shared},"snapshots":{${books.join(',')}}}`,
    )
  }

  #book(copy: Replica, market: Market, depth: number | undefined, nowMs: number, shared: string): string {
    const doubt = copy.doubtOf(market)
    const { asOfMs, ticker } = market
    const proof =
      asOfMs === 0
        ? '"as_of":null,"last_proof_age_ms":null'
        : `"as_of":"${new Date(asOfMs).toISOString()}","last_proof_age_ms":${Math.max(0, Math.round(nowMs - asOfMs))}`
    const belief = doubt === undefined ? '"valid":true' : `"valid":false,"doubt":"${doubt}"`
    return `{"market_ticker":${JSON.stringify(ticker)},${belief},${proof},${shared},${this.#levels(market, depth ?? 0)}`
  }

  /** What follows from the levels alone, from the first name to the closing brace. */
  #levels(market: Market, depth: number): string {
    const { snapshots, seq, basedMs } = market
    let held = this.#held.get(market)
    if (held === undefined || held.snapshots !== snapshots || held.seq !== seq || held.basedMs !== basedMs) {
      held = { snapshots, seq, basedMs, texts: new Map() }
      this.#held.set(market, held)
    }
    const known = held.texts.get(depth)
    if (known !== undefined) {
      this.counts.reused++
      return known
    }
    const text = encodeLevels(viewBook(market, 0), depth)
    this.counts.encoded++
    if (held.texts.size >= DEPTHS_MAX) held.texts.clear()
    held.texts.set(depth, text)
    return text
  }
}

function encodeLevels(view: BookView, depth: number): string {
  const { market_ticker, valid, doubt, as_of, last_proof_age_ms, position, behind_ms, ...levels } = view
  if (depth === 0) return JSON.stringify(levels).slice(1)
  // Levels ascend, and the best bids are the highest.
  const { yes_dollars, no_dollars } = levels
  const best = { ...levels, yes_dollars: yes_dollars.slice(-depth), no_dollars: no_dollars.slice(-depth) }
  return JSON.stringify(best).slice(1)
}

/** Milliseconds with at most one decimal; an endless wait is told as a large number, since JSON has no infinity. */
export const shortMs = (ms: number): number =>
  Number.isFinite(ms) ? Math.round(Math.max(0, ms) * 10) / 10 : FOREVER_MS
const FOREVER_MS = 1e12
