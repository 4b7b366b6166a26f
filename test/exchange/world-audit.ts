/**
 * Follows a world by what it tells alone, and holds that against its engines, its books and its money.
 *
 * A fault is thrown where it happens, with the seed, so that it can be run again.
 */
import { type Happening, World, type WorldMarket, type WorldOptions } from '../../src/exchange/world/index.ts'

export type Audited = {
  readonly happenings: number
  readonly trades: number
  readonly settled: number
  readonly compared: number
}

type Side = 'yes' | 'no'
type Told = { readonly yes: Map<number, number>; readonly no: Map<number, number>; lastMs: number; traded: number }

/** Books are compared with the engine's orders once in so many batches, and whenever a market is determined. */
const COMPARE_EVERY = 500

export function auditWorld(options: WorldOptions, happenings: number): Audited {
  const audit = new Audit(options)
  audit.run(happenings)
  return audit.counts
}

class Audit {
  readonly counts = { happenings: 0, trades: 0, settled: 0, compared: 0 }
  readonly #options: WorldOptions
  readonly #world: World
  readonly #told = new Map<string, Told>()
  #batches = 0

  constructor(options: WorldOptions) {
    this.#options = options
    this.#world = new World(options, (batch) => this.#take(batch))
    for (const market of this.#world.markets.values()) {
      this.#told.set(market.ticker, {
        yes: new Map(market.book.yes),
        no: new Map(market.book.no),
        lastMs: 0,
        traded: 0,
      })
      this.#compare(market)
    }
  }

  run(happenings: number): void {
    while (this.counts.happenings < happenings) this.#world.advance(this.#world.nextMs)
    this.#compareAll()
  }

  #take(batch: readonly Happening[]): void {
    this.counts.happenings += batch.length
    for (const each of batch) if (each.kind === 'delta') this.#delta(each.market, each.side, each.price, each.change)
    this.#trades(batch)
    for (const each of batch) {
      if (!('market' in each)) continue
      const told = this.#of(each.market)
      this.#demand(each.atMs >= told.lastMs, `time goes backward in ${each.market.ticker}`)
      told.lastMs = each.atMs
      if (each.kind === 'cleared') {
        told.yes.clear()
        told.no.clear()
      } else if (each.kind === 'lifecycle' && each.change === 'determined') this.#compare(each.market)
      else if (each.kind === 'lifecycle' && each.change === 'settled') this.#settled(each.market)
    }
    this.#money()
    if (++this.#batches % COMPARE_EVERY === 0) this.#compareAll()
  }

  #delta(market: WorldMarket, side: Side, price: number, change: number): void {
    const ladder = this.#of(market)[side]
    const size = (ladder.get(price) ?? 0) + change
    this.#demand(change !== 0 && size >= 0, `${market.ticker} ${side} ${price} would be ${size}`)
    if (size === 0) ladder.delete(price)
    else ladder.set(price, size)
  }

  /** Each match took its count from the side that rested, at one dollar less the taker's price. */
  #trades(batch: readonly Happening[]): void {
    const taken = new Map<string, number>()
    for (const each of batch) {
      if (each.kind !== 'trade') continue
      this.counts.trades++
      this.#of(each.market).traded += each.count
      const rested = each.takerSide === 'yes' ? `no ${10_000 - each.yesPrice}` : `yes ${each.yesPrice}`
      taken.set(rested, (taken.get(rested) ?? 0) + each.count)
    }
    if (taken.size === 0) return
    for (const each of batch) {
      if (each.kind !== 'delta' || each.change > 0) continue
      const level = `${each.side} ${each.price}`
      const count = taken.get(level)
      if (count !== undefined) taken.set(level, count + each.change)
    }
    for (const [level, left] of taken) this.#demand(left <= 0, `a trade of ${left} at ${level} without a delta`)
  }

  #compare(market: WorldMarket): void {
    const told = this.#of(market)
    const summed = this.#world.sumOrders(market.ticker)
    for (const side of ['yes', 'no'] as const) {
      const agree = isSame(told[side], market.book[side]) && isSame(told[side], summed[side])
      this.#demand(agree, `the ${side} book of ${market.ticker} is not what was told`)
    }
    let contracts = 0
    let long = 0
    for (const position of this.#world.positions(market.ticker).values()) {
      contracts += position
      long += Math.max(0, position)
    }
    this.#demand(contracts === 0, `${contracts} contracts too many in ${market.ticker}`)
    this.#demand(
      long === market.openInterest,
      `open interest of ${market.ticker} is ${market.openInterest}, held ${long}`,
    )
    this.counts.compared++
  }

  /** Behind every open contract lies a dollar, and no other money is collateral. */
  #compareAll(): void {
    let openInterest = 0
    for (const market of this.#world.markets.values()) {
      this.#compare(market)
      openInterest += market.openInterest
    }
    const { collateralMicros } = this.#world.ledger
    this.#demand(
      collateralMicros === openInterest * 10_000,
      `collateral ${collateralMicros} for ${openInterest} open contracts`,
    )
  }

  #settled(market: WorldMarket): void {
    this.counts.settled++
    this.#demand(market.openInterest === 0, `${market.ticker} settled with open interest`)
    const told = this.#of(market)
    this.#demand(told.traded === market.volume, `trades of ${market.ticker} are not its volume`)
  }

  #money(): void {
    const { ledger } = this.#world
    const found = ledger.balancesMicros() + ledger.collateralMicros + ledger.feesMicros
    this.#demand(found === ledger.depositedMicros, `money is ${found - ledger.depositedMicros} off`)
  }

  #of(market: WorldMarket): Told {
    const known = this.#told.get(market.ticker)
    if (known !== undefined) return known
    const told: Told = { yes: new Map(), no: new Map(), lastMs: 0, traded: 0 }
    this.#told.set(market.ticker, told)
    return told
  }

  #demand(holds: boolean, what: string): void {
    if (!holds) throw new Error(`seed ${this.#options.seed}, after ${this.counts.happenings} happenings: ${what}`)
  }
}

function isSame(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}
