/** Options with their defaults, checked: all that is wrong is said at once. */
import { ExchangeError } from './error.ts'
import { type Fault, readFaultSpec } from './faults/fault-spec.ts'
import type { ExchangeOptions } from './options.ts'
import type { Pace } from './playback/playback.ts'

type Optional =
  | 'speed'
  | 'ratePerSecond'
  | 'untilSeq'
  | 'keyPem'
  | 'keyOut'
  | 'capture'
  | 'markets'
  | 'lifeMs'
  | 'ageMs'
  | 'signal'
  | 'faults'

export type Settings = Required<Omit<ExchangeOptions, Optional>> & {
  readonly faults: readonly Fault[]
  readonly show: CaptureSettings | WorldSettings
  readonly keyPem: string | undefined
  readonly keyOut: string | undefined
}

/** What is shown: a capture that is played, or a world that trades. */
export type CaptureSettings = {
  readonly kind: 'capture'
  readonly file: string
  readonly pace: Pace
  readonly untilSeq: number | undefined
}

export type WorldSettings = {
  readonly kind: 'world'
  readonly markets: number
  readonly framesPerSecond: number
  readonly signal: boolean
  readonly lifeMs: readonly [min: number, max: number]
  readonly ageMs: number
}

/** Options that mean nothing to a world. */
export const CAPTURE_ONLY = [
  'speed',
  'copies',
  'loop',
  'untilSeq',
  'keepTimes',
  'startAtOnce',
  'startAfterMarkets',
  'highWaterBytes',
  'slowSocketMs',
  'captureBytesMax',
] as const satisfies readonly (keyof ExchangeOptions)[]

/** Options that mean nothing to a capture. */
export const WORLD_ONLY = ['markets', 'lifeMs', 'ageMs', 'signal'] as const satisfies readonly (keyof ExchangeOptions)[]

const MINUTE_MS = 60_000
const LIFE_MS_MIN = 10_000
const LIFE_MS_MAX = 24 * 60 * MINUTE_MS
const MARKETS_MAX = 10_000
/** More than any machine carries out; how late it is stands in `/exchange/sent`. */
const WORLD_RATE_MAX = 1_000_000
const AGE_MS_MAX = 60 * MINUTE_MS
const WORLD = { markets: 30, framesPerSecond: 200, lifeMs: [2 * MINUTE_MS, 15 * MINUTE_MS] } as const
const UNSIGNED_CACHE_MS = 15_000
const BASIC_READ_TOKENS = 200

const MiB = 1024 * 1024
const MAX_OFFSET_MS = 1000 * 60 * 60 * 24 * 366

/** Throws {@link ExchangeError} with every fault. */
export function readOptions(options: ExchangeOptions): Settings {
  const faults: string[] = []
  const need = (good: boolean, fault: string): void => {
    if (!good) faults.push(fault)
  }
  const whole = (name: keyof ExchangeOptions, min: number, max = Number.MAX_SAFE_INTEGER): void => {
    const value = options[name]
    const good =
      value === undefined || (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
    need(
      good,
      `${name} must be a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}, was ${String(value)}`,
    )
  }
  whole('port', 0, 65_535)
  whole('copies', 1, 100_000)
  whole('untilSeq', 1)
  whole('startAfterMarkets', 1)
  whole('seed', 0)
  whole('pingIntervalMs', 1, 2_147_483_647)
  whole('connectionsMax', 0)
  whole('marketsPerSubscriptionMax', 1)
  whole('commandsPerSecondMax', 1)
  whole('bufferBytesMax', 1)
  whole('highWaterBytes', 1)
  whole('slowSocketMs', 1)
  whole('clockOffsetMs', -MAX_OFFSET_MS, MAX_OFFSET_MS)
  whole('captureBytesMax', 1)
  whole('markets', 1, MARKETS_MAX)
  whole('ageMs', 0, AGE_MS_MAX)
  whole('readTokensPerSecond', 0)
  whole('restCacheMs', 0)
  const { speed, ratePerSecond } = options
  need(
    speed === undefined || speed === 'max' || isPositive(speed),
    `speed must be max or a number above 0, was ${String(speed)}`,
  )
  need(
    ratePerSecond === undefined || isPositive(ratePerSecond),
    `ratePerSecond must be above 0, was ${String(ratePerSecond)}`,
  )
  need(speed === undefined || ratePerSecond === undefined, 'speed and ratePerSecond exclude each other: give one')
  need(options.capture !== '', 'capture must name a file')
  const [shortest, longest] = options.lifeMs ?? WORLD.lifeMs
  const isLife = (ms: number) => Number.isSafeInteger(ms) && ms >= LIFE_MS_MIN && ms <= LIFE_MS_MAX
  need(
    isLife(shortest) && isLife(longest) && shortest <= longest,
    `lifeMs must be two whole numbers from ${LIFE_MS_MIN} to ${LIFE_MS_MAX}, the shorter first, was ${String(options.lifeMs)}`,
  )
  const swapRate = options.replySwapRate ?? 0
  need(swapRate >= 0 && swapRate <= 1, `replySwapRate must be 0 to 1, was ${String(swapRate)}`)
  const isCapture = options.capture !== undefined
  need(
    isCapture || (ratePerSecond ?? 0) <= WORLD_RATE_MAX,
    `ratePerSecond of a world must be at most ${WORLD_RATE_MAX}, was ${String(ratePerSecond)}`,
  )
  for (const name of isCapture ? WORLD_ONLY : CAPTURE_ONLY) {
    const fault = isCapture ? 'belongs to a world: leave it out, or leave capture out' : 'plays a capture: name one'
    need(options[name] === undefined, `${name} ${fault}`)
  }
  need(
    ['rsa', 'ed25519', undefined].includes(options.keyType),
    `keyType must be rsa or ed25519, was ${String(options.keyType)}`,
  )
  const spec = options.faults === undefined ? undefined : readFaultSpec(options.faults)
  faults.push(...(spec?.wrong ?? []))
  if (faults.length > 0) throw new ExchangeError('FLOW_EXCHANGE_OPTIONS', 'the exchange cannot start as asked:', faults)
  const {
    speed: _speed,
    ratePerSecond: _rate,
    untilSeq,
    keyPem,
    keyOut,
    capture,
    markets,
    lifeMs,
    ageMs,
    signal,
    faults: _faults,
    ...rest
  } = options
  return {
    host: '127.0.0.1',
    copies: 1,
    loop: false,
    keepTimes: false,
    startAtOnce: false,
    startAfterMarkets: 1,
    clockOffsetMs: 0,
    keyType: 'rsa',
    seed: 1,
    pingIntervalMs: 10_000,
    connectionsMax: 200,
    marketsPerSubscriptionMax: 500_000,
    commandsPerSecondMax: 10_000,
    bufferBytesMax: 64 * MiB,
    highWaterBytes: MiB,
    slowSocketMs: 60_000,
    captureBytesMax: 512 * MiB,
    frameFaults: [],
    faultRates: {},
    faults: spec?.faults ?? [],
    readTokensPerSecond: isCapture ? 0 : BASIC_READ_TOKENS,
    restCacheMs: isCapture ? 0 : UNSIGNED_CACHE_MS,
    keyScopes: ['read'],
    replySwapRate: 0,
    ...withoutUndefined(rest),
    show:
      capture === undefined
        ? {
            kind: 'world',
            markets: markets ?? WORLD.markets,
            framesPerSecond: ratePerSecond ?? WORLD.framesPerSecond,
            signal: signal ?? false,
            lifeMs: lifeMs ?? WORLD.lifeMs,
            ageMs: ageMs ?? 0,
          }
        : { kind: 'capture', file: capture, pace: paceOf(options), untilSeq },
    keyPem,
    keyOut,
  }
}

function paceOf({ speed, ratePerSecond }: ExchangeOptions): Pace {
  if (ratePerSecond !== undefined) return { kind: 'rate', framesPerSecond: ratePerSecond }
  if (speed === 'max') return { kind: 'max' }
  return { kind: 'speed', factor: speed ?? 1 }
}

const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0

/** A flag that was not given must not hide its default. */
const withoutUndefined = <Given extends object>(given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given
