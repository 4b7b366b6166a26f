/**
 * Whether mids can be foretold: not from the book or their own past, unless a signal is planted, and then from the
 * sizes at the best bids.
 *
 * Moves of markets on one latent number go together, so observations are summed in blocks of one number and half a
 * minute, and a t value is taken over the blocks.
 */
import { expect, test } from 'vitest'
import { World, type WorldMarket, type WorldOptions, type WorldTrade } from '../../src/exchange/world/index.ts'

const START_MS = 1_795_348_800_000
const SECONDS = 150
const SEEDS = [1, 2, 3]
const BLOCK_SECONDS = 30

const OPTIONS: Omit<WorldOptions, 'seed' | 'signal'> = {
  markets: 80,
  framesPerSecond: 1200,
  lifeMs: [120_000, 900_000],
  startUnixMs: START_MS,
}

type Sight = { readonly mid: number; readonly imbalance: number; readonly fair: number; readonly flow: number }
type Foretold = { readonly correlation: number; readonly t: number; readonly count: number }

type Clue = 'imbalance' | 'lastMove' | 'flow' | 'fairGap'

/** How sizes at the best bids, the last move, the takers of the last second, and the fair value foretell the move of the mid over each horizon in seconds. */
function foretell(signal: boolean, horizons: readonly number[]): ReadonlyMap<number, Record<Clue, Foretold>> {
  const tallies = new Map(
    horizons.map((each) => [
      each,
      { imbalance: new Tally(), lastMove: new Tally(), flow: new Tally(), fairGap: new Tally() },
    ]),
  )
  for (const seed of SEEDS) {
    const world = new World({ ...OPTIONS, seed, signal }, () => undefined)
    const seen = new Map<string, (Sight | undefined)[]>()
    for (let second = 1; second <= SECONDS; second++) {
      const atMs = START_MS + second * 1000 + 900
      world.advance(atMs)
      for (const market of world.markets.values()) {
        const taken = flowOf(world.trades(market.ticker), atMs)
        const now = sightOf(market, taken, world.fairValue(market.ticker, atMs) ?? 0)
        const sights = seen.get(market.ticker) ?? []
        sights[second] = now
        seen.set(market.ticker, sights)
        if (now === undefined) continue
        const block = `${seed} ${market.series.indexId ?? market.event.ticker} ${Math.floor(second / BLOCK_SECONDS)}`
        for (const [horizon, { imbalance, lastMove, flow, fairGap }] of tallies) {
          const then = sights[second - horizon]
          const before = sights[second - 2 * horizon]
          if (then === undefined) continue
          imbalance.add(block, then.imbalance, now.mid - then.mid)
          flow.add(block, then.flow, now.mid - then.mid)
          fairGap.add(block, then.fair - then.mid, now.mid - then.mid)
          if (before !== undefined) lastMove.add(block, then.mid - before.mid, now.mid - then.mid)
        }
      }
    }
  }
  const result = ({ imbalance, lastMove, flow, fairGap }: Record<Clue, Tally>) => ({
    imbalance: imbalance.result(),
    lastMove: lastMove.result(),
    flow: flow.result(),
    fairGap: fairGap.result(),
  })
  return new Map([...tallies].map(([horizon, each]) => [horizon, result(each)]))
}

class Tally {
  readonly #blocks = new Map<string, number>()
  #count = 0
  #squaresX = 0
  #squaresY = 0

  add(block: string, x: number, y: number): void {
    this.#blocks.set(block, (this.#blocks.get(block) ?? 0) + x * y)
    this.#count++
    this.#squaresX += x * x
    this.#squaresY += y * y
  }

  result(): Foretold {
    const products = [...this.#blocks.values()]
    const sum = products.reduce((total, each) => total + each, 0)
    const squares = products.reduce((total, each) => total + each * each, 0)
    return {
      correlation: sum / Math.sqrt(this.#squaresX * this.#squaresY),
      t: sum / Math.sqrt(squares),
      count: this.#count,
    }
  }
}

function sightOf({ book, status }: WorldMarket, flow: number, fair: number): Sight | undefined {
  const yes = Math.max(0, ...book.yes.keys())
  const no = Math.max(0, ...book.no.keys())
  if (status !== 'active' || yes === 0 || no === 0) return undefined
  const [yesSize, noSize] = [book.yes.get(yes as never) as number, book.no.get(no as never) as number]
  const imbalance = (yesSize - noSize) / (yesSize + noSize)
  return { mid: (yes + 10_000 - no) / 2 / 10_000, imbalance, flow, fair }
}

/** Which way the takers of the last second went: 1, 0 or −1. */
function flowOf(trades: readonly WorldTrade[], atMs: number): number {
  let sum = 0
  for (const { takerSide, count } of trades.filter((each) => each.atMs > atMs - 1000)) {
    sum += takerSide === 'yes' ? count : -count
  }
  return Math.sign(sum)
}

const WITHOUT = foretell(false, [1, 5])

test.each([1, 5])(
  'without a signal, mids cannot be foretold %i s ahead from sizes, takers or the last move',
  (horizon) => {
    const { imbalance, lastMove, flow, fairGap } = WITHOUT.get(horizon) as Record<Clue, Foretold>
    expect(imbalance.count).toBeGreaterThan(10_000)
    expect(Math.abs(imbalance.t)).toBeLessThan(3.5)
    expect(Math.abs(imbalance.correlation)).toBeLessThan(0.02)
    // Few numbers move all these markets, so their last moves say less than their count promises.
    expect(Math.abs(lastMove.t)).toBeLessThan(3.5)
    expect(Math.abs(flow.t)).toBeLessThan(3.5)
    // Makers are there a moment after the news: to know the latent number is worth little more than the rounding.
    expect(fairGap.correlation).toBeLessThan(0.12)
  },
)

test('with a signal, mids are foretold 5 s ahead by the sizes at the best bids', { timeout: 60_000 }, () => {
  const { imbalance } = foretell(true, [5]).get(5) as Record<Clue, Foretold>
  expect(imbalance.t).toBeGreaterThan(5)
  expect(imbalance.correlation).toBeGreaterThan(0.1)
})
