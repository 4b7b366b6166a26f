/** What a simulated world is made from. */

export type WorldOptions = {
  readonly seed: number
  /** Open at a time; as some end others open. */
  readonly markets: number
  /** Deltas, trades and tickers together, over all markets, as a mean over minutes. */
  readonly framesPerSecond: number
  /** Plants a signal in the books; docs/exchange-world.md says which. */
  readonly signal: boolean
  /** How long a market is open. */
  readonly lifeMs: readonly [min: number, max: number]
  readonly startUnixMs: number
  /** How long an ended market is remembered after it settled. */
  readonly keepEndedMs?: number
}

export const LIFE_MS_DEFAULT: readonly [min: number, max: number] = [2 * 60_000, 15 * 60_000]
export const KEEP_ENDED_MS_DEFAULT = 5 * 60_000

const MARKETS_MAX = 20_000
const LIFE_MS_MIN = 10_000
const LIFE_MS_MAX = 24 * 3_600_000

/** Throws RangeError that says which option was found wrong and what is needed. */
export function checkOptions({ seed, markets, framesPerSecond, lifeMs, startUnixMs }: WorldOptions): void {
  const check = (isRight: boolean, name: string, found: unknown, needed: string) => {
    if (!isRight) throw new RangeError(`world option ${name}: found ${found}, needed ${needed}`)
  }
  check(Number.isSafeInteger(seed) && seed >= 0, 'seed', seed, 'a whole number from 0')
  check(Number.isInteger(markets) && markets >= 1 && markets <= MARKETS_MAX, 'markets', markets, `1 to ${MARKETS_MAX}`)
  check(framesPerSecond > 0 && framesPerSecond <= 1e6, 'framesPerSecond', framesPerSecond, 'more than 0, to 1,000,000')
  const [min, max] = lifeMs
  check(
    min >= LIFE_MS_MIN && min <= max && max <= LIFE_MS_MAX,
    'lifeMs',
    lifeMs,
    `${LIFE_MS_MIN} ≤ min ≤ max ≤ ${LIFE_MS_MAX}`,
  )
  check(Number.isSafeInteger(startUnixMs) && startUnixMs > 0, 'startUnixMs', startUnixMs, 'Unix time in ms')
}
