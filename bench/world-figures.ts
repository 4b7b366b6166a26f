/**
 * Measures a simulated world the way recorded production frames were measured, so that the two can be compared: bursts,
 * pairs, fractions, depth, trades, crossings. It reads happenings and books only, as a recorder would.
 */
import { type Happening, LIFE_MS_DEFAULT, World, type WorldMarket } from '../src/exchange/world/index.ts'

export type WorldFigures = {
  readonly framesPerSecond: number
  /** Of markets with a mean of at least {@link BUSY_FRAMES} a second: frames in their active seconds, over the mean. */
  readonly burst: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly pairShare: number
  readonly fractionalShare: number
  /** Plain markets, as REST shows them: levels of all books, empty sides too, and shares of all books. */
  readonly levels: { readonly yes: number; readonly no: number; readonly max: number }
  readonly spreadCents: number
  readonly oneSidedShare: number
  readonly emptyShare: number
  /** Levels a side of the series with fifteen minutes. */
  readonly busyLevels: number
  readonly tradeSize: { readonly p50: number; readonly p99: number }
  readonly tradesTogether: number
  /** Deltas that leave a book crossed or locked, of all. */
  readonly crossedShare: number
  /** Bursts of cancels of a hundred and more with one ts_ms, in the series with fifteen minutes. */
  readonly purges: { readonly count: number; readonly p50: number; readonly max: number }
  /** Runs of crossed deltas that outlast their ts_ms. */
  readonly crossedLater: number
  readonly crossedRunMax: number
  readonly deltas: number
  readonly trades: number
}

export type WorldAsked = {
  readonly seed: number
  readonly markets: number
  readonly framesPerSecond: number
  readonly seconds: number
  readonly signal?: boolean
}

const BUSY_FRAMES = 20
const BUSY_SERIES = /15M$/
/** Not measured: the rate has to find itself. */
const WARM_UP_SECONDS = 30
const BOOKS_EVERY_SECONDS = 20
const PURGE_MIN = 100
const START_MS = 1_795_348_800_000

export function measureWorld({ seed, markets, framesPerSecond, seconds, signal = false }: WorldAsked): WorldFigures {
  const tally = new Tally()
  const world = new World(
    { seed, markets, framesPerSecond, signal, lifeMs: LIFE_MS_DEFAULT, startUnixMs: START_MS },
    (batch) => tally.take(batch),
  )
  const fromMs = START_MS + WARM_UP_SECONDS * 1000
  for (const market of world.markets.values()) tally.know(market)
  world.advance(fromMs)
  tally.begin()
  const before = world.framesTold
  for (let second = 1; second <= seconds; second++) {
    world.advance(fromMs + second * 1000)
    if (second % BOOKS_EVERY_SECONDS === 0) for (const market of world.markets.values()) tally.book(market)
  }
  return tally.figures((world.framesTold - before) / seconds)
}

type Seen = {
  perSecond: Map<number, number>
  lastChange: number
  lastTradeMs: number
  isBusySeries: boolean
  book: { yes: Map<number, number>; no: Map<number, number> }
  crossedMs: number
  crossedRun: number
  burstMs: number
  burst: number
}

class Tally {
  readonly #seen = new Map<string, Seen>()
  #isMeasuring = false
  #deltas = 0
  #paired = 0
  #fractional = 0
  #crossed = 0
  #crossedLater = 0
  #crossedRunMax = 0
  readonly #tradeSizes: number[] = []
  #together = 0
  readonly #purges: number[] = []
  readonly #levels = { yes: [] as number[], no: [] as number[] }
  readonly #busyLevels: number[] = []
  readonly #spreads: number[] = []
  #books = 0
  #oneSided = 0
  #empty = 0

  begin(): void {
    this.#isMeasuring = true
  }

  know(market: WorldMarket): Seen {
    const known = this.#seen.get(market.ticker)
    if (known !== undefined) return known
    const seen: Seen = {
      perSecond: new Map(),
      lastChange: 0,
      lastTradeMs: Number.NEGATIVE_INFINITY,
      isBusySeries: BUSY_SERIES.test(market.series.ticker),
      book: { yes: new Map(market.book.yes), no: new Map(market.book.no) },
      crossedMs: 0,
      crossedRun: 0,
      burstMs: 0,
      burst: 0,
    }
    this.#seen.set(market.ticker, seen)
    return seen
  }

  take(batch: readonly Happening[]): void {
    for (const each of batch) {
      if (each.kind === 'index' || each.kind === 'event') continue
      const seen = this.#seen.get(each.market.ticker) ?? this.#fresh(each.market)
      if (each.kind === 'delta') {
        this.#delta(seen, each.side, each.price, each.change, each.atMs)
      } else if (each.kind === 'trade') {
        if (this.#isMeasuring) {
          this.#tradeSizes.push(each.count / 100)
          if (each.atMs - seen.lastTradeMs <= 1) this.#together++
        }
        seen.lastTradeMs = each.atMs
      } else if (each.kind === 'cleared') {
        seen.book.yes.clear()
        seen.book.no.clear()
      }
      if (this.#isMeasuring && (each.kind === 'delta' || each.kind === 'trade')) {
        const second = Math.floor(each.atMs / 1000)
        seen.perSecond.set(second, (seen.perSecond.get(second) ?? 0) + 1)
      }
    }
  }

  /** A market that came after the start: its book was empty. */
  #fresh(market: WorldMarket): Seen {
    const seen = this.know(market)
    seen.book.yes.clear()
    seen.book.no.clear()
    return seen
  }

  #delta(seen: Seen, side: 'yes' | 'no', price: number, change: number, atMs: number): void {
    const ladder = seen.book[side]
    const size = (ladder.get(price) ?? 0) + change
    if (size === 0) ladder.delete(price)
    else ladder.set(price, size)
    if (!this.#isMeasuring) return
    this.#deltas++
    if (change % 100 !== 0) this.#fractional++
    if (change === -seen.lastChange) {
      this.#paired += 2
      seen.lastChange = 0
    } else seen.lastChange = change
    this.#watchCrossing(seen, change, atMs)
    if (seen.burstMs === atMs && change < 0) seen.burst++
    else {
      this.#endBurst(seen)
      seen.burstMs = atMs
      seen.burst = change < 0 ? 1 : 0
    }
  }

  #endBurst({ burst, isBusySeries }: Seen): void {
    if (isBusySeries && burst >= PURGE_MIN) this.#purges.push(burst)
  }

  #watchCrossing(seen: Seen, change: number, atMs: number): void {
    if (seen.crossedRun > 0 && atMs > seen.crossedMs) this.#crossedLater++
    // What only takes away crosses nothing.
    if (change < 0 && seen.crossedRun === 0) return
    if (best(seen.book.yes) + best(seen.book.no) >= 10_000) {
      this.#crossed++
      seen.crossedRun = seen.crossedMs === atMs ? seen.crossedRun + 1 : 1
      seen.crossedMs = atMs
      this.#crossedRunMax = Math.max(this.#crossedRunMax, seen.crossedRun)
    } else seen.crossedRun = 0
  }

  book({ book, status, series }: WorldMarket): void {
    if (status !== 'active') return
    const [yes, no] = [book.yes.size, book.no.size]
    if (BUSY_SERIES.test(series.ticker)) {
      if (yes > 0) this.#busyLevels.push(yes)
      if (no > 0) this.#busyLevels.push(no)
      return
    }
    this.#books++
    if (yes === 0 && no === 0) this.#empty++
    else if (yes === 0 || no === 0) this.#oneSided++
    else this.#spreads.push((10_000 - best(book.yes) - best(book.no)) / 100)
    this.#levels.yes.push(yes)
    this.#levels.no.push(no)
  }

  figures(framesPerSecond: number): WorldFigures {
    const ratios: number[] = []
    for (const { perSecond } of this.#seen.values()) {
      const counts = [...perSecond.values()]
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      if (counts.length < 60 || mean < BUSY_FRAMES) continue
      for (const count of counts) ratios.push(count / mean)
    }
    for (const seen of this.#seen.values()) this.#endBurst(seen)
    const [ratio, yes, no, busy, spread, size, purge] = [
      ratios,
      this.#levels.yes,
      this.#levels.no,
      this.#busyLevels,
      this.#spreads,
      this.#tradeSizes,
      this.#purges,
    ].map((values) => values.sort((a, b) => a - b)) as [
      number[],
      number[],
      number[],
      number[],
      number[],
      number[],
      number[],
    ]
    return {
      framesPerSecond,
      burst: { p50: at(ratio, 0.5), p99: at(ratio, 0.99), max: at(ratio, 1) },
      pairShare: this.#paired / this.#deltas,
      fractionalShare: this.#fractional / this.#deltas,
      levels: { yes: at(yes, 0.5), no: at(no, 0.5), max: Math.max(at(yes, 1), at(no, 1)) },
      spreadCents: at(spread, 0.5),
      oneSidedShare: this.#oneSided / this.#books,
      emptyShare: this.#empty / this.#books,
      busyLevels: at(busy, 0.5),
      tradeSize: { p50: at(size, 0.5), p99: at(size, 0.99) },
      tradesTogether: this.#together / size.length,
      crossedShare: this.#crossed / this.#deltas,
      crossedLater: this.#crossedLater,
      crossedRunMax: this.#crossedRunMax,
      purges: { count: purge.length, p50: at(purge, 0.5), max: at(purge, 1) },
      deltas: this.#deltas,
      trades: size.length,
    }
  }
}

const best = (ladder: ReadonlyMap<number, number>): number => {
  let found = 0
  for (const price of ladder.keys()) if (price > found) found = price
  return found === 0 ? Number.NEGATIVE_INFINITY : found
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
