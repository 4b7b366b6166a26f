/**
 * Holes as a copy of the books sees them: one for each happening, with the markets that it left in doubt and what closed
 * it. That we let a market go ourselves is no hole: its recording ends there. A ring: the oldest go first. The whole ledger
 * is in the database (rl_gaps); this one needs none.
 */
import type { GapBody } from '#domain'
import { formatPosition, type Position } from '#domain'
import type { DoubtCause, Market } from '#feed'
import { type ClosedBy, hitsAll } from '#ledger'

export type LiveGap = {
  /** A doubt's cause, a lost connection's, or a declared hole's. */
  readonly cause: string
  readonly detail?: string
  /** Unix ms: the last proof before the hole. */
  readonly from_ms: number
  /** Unix ms: when the last of its markets was proven again, or recorded no longer; `null` while one is not. */
  readonly to_ms: number | null
  /** The position behind the record that revealed it. */
  readonly found: string
  /** How its last market got out of it: see #ledger. `null` while open. */
  readonly closed_by: ClosedBy | null
  readonly connection?: number
  readonly sid?: number
  /** The markets that it left in doubt; none when it concerns whatever was recorded then. */
  readonly market_tickers: readonly string[]
  /** How many of them are not proven again. */
  readonly open: number
}

type Growing = { -readonly [Field in keyof LiveGap]: LiveGap[Field] } & { market_tickers: string[] }

export const GAPS_MAX = 10_000
/** Tickers held by all gaps together: a break of 5,000 markets counts as many. */
export const GAP_TICKERS_MAX = 200_000

/** Why a connection's books stand still, and the last sign of life. */
export type Loss = { readonly cause: string; readonly detail: string | undefined; readonly proofMs: number }

export class GapRing {
  readonly #gaps: Growing[] = []
  /** By ticker: the gap of the ring that its book is in. */
  readonly #openOf = new Map<string, Growing>()
  #tickers = 0

  /** Markets whose gap is open and in the ring. */
  get openMarkets(): number {
    return this.#openOf.size
  }

  /** Oldest first. */
  get all(): readonly LiveGap[] {
    return this.#gaps
  }

  /** A proven book is in doubt. `at`: the position behind the record at hand. */
  doubted(market: Market, cause: DoubtCause, at: Position, loss: Loss | undefined): void {
    const found = formatPosition(at)
    const told = loss?.cause ?? cause
    const isOfAll = hitsAll(told)
    const connection = market.source?.connectionId
    const sid = isOfAll ? undefined : market.source?.sid
    const last = this.#gaps.at(-1)
    const isSame =
      last?.found === found && last.cause === told && (isOfAll || (last.connection === connection && last.sid === sid))
    const fromMs = loss?.proofMs ?? market.provenUntilMs
    const gap = isSame
      ? last
      : this.#add({
          cause: told,
          ...(loss?.detail === undefined ? {} : { detail: loss.detail }),
          from_ms: fromMs,
          to_ms: null,
          found,
          closed_by: null,
          ...(connection === undefined ? {} : { connection }),
          ...(sid === undefined ? {} : { sid }),
          market_tickers: [],
          open: 0,
        })
    gap.from_ms = Math.min(gap.from_ms, fromMs)
    if (gap.connection !== connection) delete gap.connection
    if (gap.sid !== sid) delete gap.sid
    gap.market_tickers.push(market.ticker)
    gap.open++
    this.#tickers++
    this.#openOf.set(market.ticker, gap)
    this.#keepInBounds()
  }

  proven(ticker: string, atMs: number, by: 'snapshot' | 'checkpoint'): void {
    this.#leave(ticker, atMs, by)
  }

  /** The market is recorded no longer: nothing more can be missed of it. */
  released(ticker: string, atMs: number): void {
    this.#leave(ticker, atMs, 'let_go')
  }

  /** A hole that the recorder wrote down itself; of what hits all, the gap that its books made is the same happening. */
  declared({ cause, detail, fromNs, toNs, markets = [] }: GapBody, at: Position): void {
    const fromMs = Number(fromNs) / 1e6
    const toMs = toNs === undefined ? Number.POSITIVE_INFINITY : Number(toNs) / 1e6
    const known = hitsAll(cause)
      ? this.#gaps.findLast(
          (each) =>
            each.cause === cause &&
            each.market_tickers.length > 0 &&
            each.from_ms <= toMs &&
            (each.to_ms ?? Number.POSITIVE_INFINITY) >= fromMs,
        )
      : undefined
    if (known !== undefined) {
      known.from_ms = fromMs
      if (known.detail === undefined && detail !== undefined) known.detail = detail
      // The record tells the end of those that no snapshot has ended later.
      if (known.to_ms !== null && toNs !== undefined) known.to_ms = Math.max(known.to_ms, toMs)
      return
    }
    this.#add({
      cause,
      ...(detail === undefined ? {} : { detail }),
      from_ms: fromMs,
      to_ms: toNs === undefined ? null : toMs,
      found: formatPosition(at),
      closed_by: toNs === undefined ? null : 'declared',
      market_tickers: [...markets],
      open: 0,
    })
    this.#tickers += markets.length
    this.#keepInBounds()
  }

  #leave(ticker: string, atMs: number, by: Exclude<LiveGap['closed_by'], null>): void {
    const gap = this.#openOf.get(ticker)
    if (gap === undefined) return
    this.#openOf.delete(ticker)
    gap.open--
    if (gap.open > 0) return
    gap.to_ms = atMs
    gap.closed_by = by
  }

  #add(gap: Growing): Growing {
    this.#gaps.push(gap)
    return gap
  }

  #keepInBounds(): void {
    while (this.#gaps.length > GAPS_MAX || (this.#tickers > GAP_TICKERS_MAX && this.#gaps.length > 1)) {
      const oldest = this.#gaps.shift()!
      this.#tickers -= oldest.market_tickers.length
      for (const each of oldest.market_tickers) if (this.#openOf.get(each) === oldest) this.#openOf.delete(each)
    }
  }
}
