/** What always holds in a simulated world, read from its happenings and from the fields that REST shows. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Happening, World, type WorldMarket, type WorldOptions } from '../../src/exchange/world/index.ts'

const START_MS = 1_795_348_800_000
const OPTIONS: WorldOptions = {
  seed: 5,
  markets: 60,
  framesPerSecond: 600,
  signal: false,
  lifeMs: [120_000, 900_000],
  startUnixMs: START_MS,
}

/** Everything that is told, as text, with the state of the market that it is about. */
function digestOf(options: WorldOptions, stepMs: number, seconds: number): string {
  const hash = createHash('sha256')
  const world = new World(options, (batch) => {
    for (const each of batch) {
      const { market, event, ...rest } = each as { market?: WorldMarket; event?: { ticker: string } }
      const about =
        market === undefined ? event?.ticker : [market.ticker, market.marketId, market.status, market.result]
      hash.update(JSON.stringify([about, rest]))
    }
  })
  const end = START_MS + seconds * 1000
  for (let ms = START_MS; ms <= end; ms += stepMs) world.advance(ms)
  world.advance(end)
  return hash.digest('hex')
}

test('the same seed tells the same to the byte, however the time is cut; another seed tells something else', () => {
  const whole = digestOf(OPTIONS, 1_000_000, 30)
  expect(digestOf(OPTIONS, 7, 30)).toBe(whole)
  expect(digestOf({ ...OPTIONS, seed: 6 }, 1000, 30)).not.toBe(whole)
  expect(digestOf({ ...OPTIONS, signal: true }, 1000, 30)).not.toBe(whole)
})

test('tickers, market ids and trade ids of two starts of the same seed never meet', () => {
  const runs = [START_MS, START_MS + 1].map((startUnixMs) => {
    const seen = new Set<string>()
    let trades = 0
    const world = new World({ ...OPTIONS, startUnixMs }, (batch) => {
      for (const each of batch) {
        if (each.kind !== 'trade') continue
        trades++
        expect(each.tradeId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        seen.add(each.tradeId)
      }
    })
    world.advance(startUnixMs + 60_000)
    expect(seen.size).toBe(trades)
    for (const { ticker, marketId, event } of world.markets.values()) seen.add(ticker).add(marketId).add(event.ticker)
    return seen
  })
  const [first, second] = runs as [Set<string>, Set<string>]
  expect(first.size).toBeGreaterThan(500)
  expect([...first].filter((each) => second.has(each))).toEqual([])
})

/** One run long enough for hundreds of settlements, looked at from several sides. */
const LIVES: WorldOptions = {
  ...OPTIONS,
  seed: 11,
  markets: 100,
  framesPerSecond: 600,
  lifeMs: [20_000, 120_000],
  keepEndedMs: 900_000,
}
const SECONDS = 240

type Told = { readonly kind: string; readonly atMs: number }

function live() {
  const told = new Map<string, Told[]>()
  const indices = new Map<string, { atMs: number; value: number }[]>()
  const open: number[] = []
  const world = new World(LIVES, (batch) => {
    for (const each of batch) note(each)
  })
  const note = (each: Happening) => {
    if (each.kind === 'index') {
      const values = indices.get(each.indexId) ?? []
      values.push({ atMs: each.atMs, value: Number(each.value) })
      indices.set(each.indexId, values)
    } else if (each.kind !== 'event') {
      const { ticker } = each.market
      if (!told.has(ticker)) told.set(ticker, [])
      told.get(ticker)?.push({ kind: each.kind === 'lifecycle' ? each.change : each.kind, atMs: each.atMs })
    }
  }
  for (let second = 1; second <= SECONDS; second++) {
    world.advance(START_MS + second * 1000)
    const is = (market: WorldMarket) => ['initialized', 'active', 'inactive'].includes(market.status)
    open.push([...world.markets.values()].filter(is).length)
  }
  return {
    world,
    told,
    indices,
    open,
    ended: [...world.markets.values()].filter(({ status }) => status === 'finalized'),
  }
}

const lived = live()

test('the number of markets open stays, and the first settles within three minutes', () => {
  expect(new Set(lived.open)).toEqual(new Set([LIVES.markets]))
  const world = new World({ ...OPTIONS, markets: 1, framesPerSecond: 5 }, (batch) => {
    for (const each of batch) if (each.kind === 'lifecycle' && each.change === 'settled') settledMs.push(each.atMs)
  })
  const settledMs: number[] = []
  world.advance(START_MS + 180_000)
  expect(settledMs.length).toBeGreaterThan(0)
})

test('a market lives in order: created, open, closed, cleared or purged, determined, settled', () => {
  expect(lived.ended.length).toBeGreaterThan(100)
  for (const market of lived.ended) {
    const told = lived.told.get(market.ticker) ?? []
    const at = (kind: string) => told.find((each) => each.kind === kind)?.atMs
    const [determined, settled] = [at('determined') as number, at('settled') as number]
    expect(market.openMs).toBeGreaterThan(market.createdMs)
    expect(market.closeMs).toBeGreaterThan(market.openMs)
    expect(determined).toBeGreaterThan(market.closeMs)
    expect(settled).toBeGreaterThan(determined)
    expect([market.determinedMs, market.settledMs]).toEqual([determined, settled])
    const created = at('created')
    if (created !== undefined) expect([told[0]?.kind, created]).toEqual(['created', market.createdMs])
    const trades = told.filter(({ kind }) => kind === 'trade')
    expect(trades.every(({ atMs }) => atMs >= market.openMs && atMs <= market.closeMs)).toBe(true)
    // What comes after the close only empties the book.
    expect([market.book.yes.size, market.book.no.size]).toEqual([0, 0])
  }
})

test('worlds show pauses, early closes, changed grids, purges and unasked empty snapshots', () => {
  const kinds = new Map<string, number>()
  for (const told of lived.told.values()) for (const { kind } of told) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  for (const kind of ['deactivated', 'activated', 'close_date_updated', 'price_level_structure_updated', 'cleared']) {
    expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(0)
  }
  const structures = new Set([...lived.world.markets.values()].map(({ priceLevelStructure }) => priceLevelStructure))
  expect(structures).toEqual(new Set(['linear_cent', 'tapered_deci_cent', 'deci_cent']))
})

test('the index at the close decides every market that settles on it', () => {
  let decided = 0
  for (const market of lived.ended) {
    const { indexId } = market.series
    if (indexId === undefined) continue
    const value = lived.indices.get(indexId)?.findLast(({ atMs }) => atMs <= market.closeMs)?.value as number
    expect(Number(market.expirationValue)).toBe(value)
    const { strikeType, floorStrike = Number.NEGATIVE_INFINITY, capStrike = Number.POSITIVE_INFINITY } = market
    // "Above" a ladder's strike; at or above the one strike of an up-or-down market.
    const isOver =
      market.event.markets.length === 1 || strikeType !== 'greater' || market.event.mutuallyExclusive
        ? value >= floorStrike
        : value > floorStrike
    expect(market.result, market.ticker).toBe(isOver && value <= capStrike ? 'yes' : 'no')
    expect(market.settlementValue).toBe(market.result === 'yes' ? 10_000 : 0)
    decided++
  }
  expect(decided).toBeGreaterThan(50)
})

test('exactly one of mutually exclusive markets pays, and a scalar pays where its number lies', () => {
  let exclusive = 0
  let scalars = 0
  for (const market of lived.ended) {
    if (market.marketType === 'scalar') {
      const { floorStrike = 0, capStrike = 0 } = market
      const share = (Number(market.expirationValue) - floorStrike) / (capStrike - floorStrike)
      expect(market.result).toBe('scalar')
      expect(market.settlementValue).toBe(Math.round(Math.min(1, Math.max(0, share)) * 10_000))
      scalars++
    }
    const { event } = market
    if (!event.mutuallyExclusive || event.markets[0] !== market) continue
    if (event.markets.some(({ status }) => status !== 'finalized')) continue
    expect(
      event.markets.filter(({ result }) => result === 'yes'),
      event.ticker,
    ).toHaveLength(1)
    exclusive++
  }
  expect([exclusive > 20, scalars > 3]).toEqual([true, true])
})

test('prices lie on the grid of their market', () => {
  for (const { book, priceRanges, ticker } of lived.world.markets.values()) {
    for (const [side, ladder] of Object.entries(book)) {
      for (const price of ladder.keys()) {
        const yesPrice = side === 'yes' ? price : 10_000 - price
        const isOn = priceRanges.some(
          ({ start, end, step }) => yesPrice >= start && yesPrice <= end && (yesPrice - start) % step === 0,
        )
        expect(isOn, `${ticker} ${side} ${price}`).toBe(true)
      }
    }
  }
})

test('trades come before, between and after their deltas, and a taker that leaves a rest shows the book crossed for a moment', () => {
  const orders = { first: 0, between: 0, last: 0 }
  let restsFirst = 0
  const world = new World({ ...OPTIONS, framesPerSecond: 2000, markets: 20 }, (batch) => {
    const kinds = batch.map(({ kind }) => kind)
    const [trade, lastTrade] = [kinds.indexOf('trade'), kinds.lastIndexOf('trade')]
    const [delta, lastDelta] = [kinds.indexOf('delta'), kinds.lastIndexOf('delta')]
    if (trade < 0) return
    if (lastTrade < delta) orders.first++
    else if (trade > lastDelta) orders.last++
    else orders.between++
    const rest = batch.find((each) => each.kind === 'delta')
    if (rest?.kind === 'delta' && rest.change > 0) restsFirst++
  })
  world.advance(START_MS + 60_000)
  expect(Math.min(...Object.values(orders))).toBeGreaterThan(50)
  expect(restsFirst).toBeGreaterThan(3)
})

test('mids of mutually exclusive markets sum to about one', () => {
  const sums: number[] = []
  const world = new World({ ...OPTIONS, seed: 3, markets: 120, framesPerSecond: 1200 }, () => undefined)
  for (let second = 5; second <= 120; second += 5) {
    // Between two news, when the makers have moved.
    world.advance(START_MS + second * 1000 + 900)
    for (const { markets, mutuallyExclusive } of world.events.values()) {
      if (!mutuallyExclusive || markets.some(({ status }) => status !== 'active')) continue
      const mids = markets.map(midOf)
      sums.push(mids.reduce((sum, mid) => sum + mid, 0))
    }
  }
  const mean = sums.reduce((sum, each) => sum + each, 0) / sums.length
  expect(sums.length).toBeGreaterThan(200)
  expect(Math.abs(mean - 1)).toBeLessThan(0.02)
  // Half a cent of rounding for each market, and spreads cut off at the ends of the prices.
  expect(sums.filter((each) => Math.abs(each - 1) > 0.06).length / sums.length).toBeLessThan(0.02)
})

/** Nobody bids on one side: that side's bid is 0, as REST shows it. */
function midOf({ book }: WorldMarket): number {
  const yes = Math.max(0, ...book.yes.keys())
  const no = Math.max(0, ...book.no.keys())
  return (yes + 10_000 - no) / 2 / 10_000
}

test('options that make no world are refused with what is needed', () => {
  const make = (wrong: Partial<WorldOptions>) => () => new World({ ...OPTIONS, ...wrong }, () => undefined)
  expect(make({ markets: 0 })).toThrow(/world option markets: found 0, needed 1 to/)
  expect(make({ framesPerSecond: Number.NaN })).toThrow(/framesPerSecond/)
  expect(make({ lifeMs: [60_000, 30_000] })).toThrow(/lifeMs/)
  expect(make({ seed: -1 })).toThrow(/seed/)
  expect(make({ startUnixMs: 0.5 })).toThrow(/startUnixMs/)
})

test('ended markets are forgotten after their time', () => {
  const known: number[] = []
  const options = {
    ...LIVES,
    lifeMs: [10_000, 20_000],
    keepEndedMs: 20_000,
    framesPerSecond: 200,
    markets: 20,
  } as const
  const world = new World(options, () => undefined)
  for (let second = 60; second <= 180; second += 30) {
    world.advance(START_MS + second * 1000)
    known.push(world.markets.size)
  }
  expect(Math.max(...known)).toBeLessThan(6 * options.markets)
})

test('of a market the last trades are kept, newest last, within a bound', () => {
  const told: string[] = []
  const world = new World({ ...OPTIONS, markets: 1, framesPerSecond: 3000 }, (batch) => {
    for (const each of batch) if (each.kind === 'trade') told.push(each.tradeId)
  })
  world.advance(START_MS + 30_000)
  const [{ ticker, lastTrade }] = [...world.markets.values()] as [WorldMarket]
  const kept = world.trades(ticker).map(({ tradeId }) => tradeId)
  expect(told.length).toBeGreaterThan(1000)
  expect(kept.length).toBeGreaterThanOrEqual(200)
  expect(kept.length).toBeLessThan(400)
  expect(kept).toEqual(told.slice(-kept.length))
  expect(lastTrade?.tradeId).toBe(kept.at(-1))
  expect(world.trades('KXNOTHING')).toEqual([])
})
