/**
 * Whether mids can be foretold: not from the book or their own past, unless a signal is planted, and then from the
 * sizes at the best bids.
 *
 * Moves of markets on one latent number go together, so observations are summed in blocks of one number and half a
 * minute, and a t value is taken over the blocks.
 */
import { describe, expect, test } from 'vitest'
import { World, type WorldMarket } from '../../src/exchange/world/index.ts'

const START_MS = 1_795_348_800_000
const SECONDS = 150
const SEEDS = [1, 2, 3]
const BLOCK_SECONDS = 30

type Sight = { readonly mid: number; readonly imbalance: number; readonly fair: number }
type Foretold = { readonly correlation: number; readonly t: number; readonly count: number }

/** How the difference of bids, the last move, and the fair value foretell the move of the mid over the horizon. */
function foretell(signal: boolean, horizon: number): Record<'imbalance' | 'lastMove' | 'fairGap', Foretold> {
  const tallies = { imbalance: new Tally(), lastMove: new Tally(), fairGap: new Tally() }
  for (const seed of SEEDS) {
    const options = {
      seed,
      markets: 80,
      framesPerSecond: 1200,
      signal,
      lifeMs: [120_000, 900_000],
      startUnixMs: START_MS,
    } as const
    const world = new World(options, () => undefined)
    const seen = new Map<string, (Sight | undefined)[]>()
    for (let second = 1; second <= SECONDS; second++) {
      const atMs = START_MS + second * 1000 + 900
      world.advance(atMs)
      for (const market of world.markets.values()) {
        const now = sightOf(market, world.fairValue(market.ticker, atMs) ?? 0)
        const sights = seen.get(market.ticker) ?? []
        sights[second] = now
        seen.set(market.ticker, sights)
        const then = sights[second - horizon]
        const before = sights[second - 2 * horizon]
        if (now === undefined || then === undefined) continue
        const block = `${seed} ${market.series.indexId ?? market.event.ticker} ${Math.floor(second / BLOCK_SECONDS)}`
        const move = now.mid - then.mid
        tallies.imbalance.add(block, then.imbalance, move)
        tallies.fairGap.add(block, then.fair - then.mid, move)
        if (before !== undefined) tallies.lastMove.add(block, then.mid - before.mid, move)
      }
    }
  }
  return {
    imbalance: tallies.imbalance.result(),
    lastMove: tallies.lastMove.result(),
    fairGap: tallies.fairGap.result(),
  }
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

function sightOf({ book, status }: WorldMarket, fair: number): Sight | undefined {
  const yes = Math.max(0, ...book.yes.keys())
  const no = Math.max(0, ...book.no.keys())
  if (status !== 'active' || yes === 0 || no === 0) return undefined
  const [yesSize, noSize] = [book.yes.get(yes as never) as number, book.no.get(no as never) as number]
  const imbalance = (yesSize - noSize) / (yesSize + noSize)
  return { mid: (yes + 10_000 - no) / 2 / 10_000, imbalance, fair }
}

describe('mids without a signal', () => {
  test.each([1, 5])('cannot be foretold %i s ahead from sizes or from the last move', (horizon) => {
    const { imbalance, lastMove } = foretell(false, horizon)
    expect(imbalance.count).toBeGreaterThan(10_000)
    expect(Math.abs(imbalance.t)).toBeLessThan(3.5)
    expect(Math.abs(imbalance.correlation)).toBeLessThan(0.02)
    // Few numbers move all these markets, so their last moves say less than their count promises.
    expect(Math.abs(lastMove.t)).toBeLessThan(3.5)
  })
})

describe('mids with a signal', () => {
  test('are foretold 5 s ahead by the sizes at the best bids', () => {
    const { imbalance } = foretell(true, 5)
    expect(imbalance.t).toBeGreaterThan(5)
    expect(imbalance.correlation).toBeGreaterThan(0.1)
  })
})
