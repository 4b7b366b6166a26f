/**
 * Which proven books to ask for again, and when: the oldest proof first, a few every {@link ASK_EVERY_MS}, so many that
 * each market has its turn within the round. Only questions go through here; what an answer tells is the fold's business.
 * Pure; is handed the time.
 */
import { CHUNK_MAX } from './resync.ts'

/** Longest between two questions on a connection: well below the minute in which each sid is audited. */
export const ASK_EVERY_MS = 20_000
/** Of a round, the part in which every market gets its turn: the rest is for repairs, which come first. */
const ROUND_SHARE = 0.9
/** An answer that has not come by then is awaited no longer. A snapshot is on the wire in milliseconds. */
export const ANSWER_MS_MAX = 10_000
/** How long the rest of a group may take to explain a difference: its deltas come in one burst. */
export const EXPLAIN_MS_MAX = 1_000

export class AuditRound {
  readonly #roundMs: number
  /** Proven books, that which was proven or asked for longest ago first. */
  readonly #turns = new Set<string>()
  /** When each was proven or audited last. */
  readonly #provenMs = new Map<string, number>()
  /** Questions that are open, with the time at which they are given up. */
  readonly #open = new Map<string, number>()
  /** `undefined` before the first look. */
  #nextMs: number | undefined
  /** Markets asked for since the connection opened. */
  asked = 0
  /** When a book was last confirmed by an audit; `undefined` before the first. */
  lastMs: number | undefined

  /** `roundMs`: within which every market is audited; 0 asks for none. */
  constructor(roundMs: number) {
    this.#roundMs = roundMs
  }

  /** A book was proven, by whatever snapshot. */
  proven(market: string, nowMs: number): void {
    if (this.#open.delete(market)) this.lastMs = nowMs
    this.#provenMs.set(market, nowMs)
    this.#queue(market)
  }

  /** The snapshot was ours but for the group at hand: the book stays, and its turn comes again. */
  offset(market: string, nowMs: number): void {
    if (this.#turns.has(market)) this.proven(market, nowMs)
  }

  /** The answer differs, and the deltas to come may explain it. */
  differs(market: string, nowMs: number): void {
    this.#open.set(market, nowMs + EXPLAIN_MS_MAX)
  }

  /** The book is in doubt, or wanted no more. */
  drop(market: string): void {
    this.#turns.delete(market)
    this.#provenMs.delete(market)
    this.#open.delete(market)
  }

  /** Whether an answer of this market is awaited. */
  isOpen(market: string): boolean {
    return this.#open.has(market)
  }

  /** The markets to ask for now; empty when it is not time. They are taken as asked for. */
  take(nowMs: number): string[] {
    this.#nextMs ??= nowMs + Math.min(ASK_EVERY_MS, this.#roundMs)
    if (this.#roundMs === 0 || this.#open.size > 0 || nowMs < this.#nextMs || this.#turns.size === 0) return []
    // More than a chunk holds are asked for sooner, not in larger chunks.
    const roundMs = this.#roundMs * ROUND_SHARE
    const perAskMs = Math.min(ASK_EVERY_MS, roundMs, (CHUNK_MAX * roundMs) / this.#turns.size)
    const count = Math.min(CHUNK_MAX, Math.ceil((this.#turns.size * perAskMs) / roundMs))
    const chunk: string[] = []
    for (const market of this.#turns) {
      chunk.push(market)
      if (chunk.length === count) break
    }
    for (const market of chunk) {
      this.#queue(market)
      this.#open.set(market, nowMs + ANSWER_MS_MAX)
    }
    this.asked += chunk.length
    this.#nextMs = nowMs + perAskMs
    return chunk
  }

  /** Questions that are given up: they are open no longer. */
  overdue(nowMs: number): string[] {
    const markets: string[] = []
    for (const [market, dueMs] of this.#open) if (nowMs > dueMs) markets.push(market)
    for (const market of markets) this.#open.delete(market)
    return markets
  }

  /** The longest that a book stands without a proof, ms; 0 with none. Walks all markets: for a look, not for a tick. */
  oldestMs(nowMs: number): number {
    let oldestMs = nowMs
    for (const provenMs of this.#provenMs.values()) if (provenMs < oldestMs) oldestMs = provenMs
    return nowMs - oldestMs
  }

  clear(): void {
    this.#turns.clear()
    this.#provenMs.clear()
    this.#open.clear()
    this.#nextMs = undefined
    this.lastMs = undefined
  }

  #queue(market: string): void {
    this.#turns.delete(market)
    this.#turns.add(market)
  }
}
