/** What an exchange can be told, its defaults, and the check that says all that is wrong at once. */
import { ExchangeError } from './error.ts'
import type { Pace } from './playback/playback.ts'
import type { FaultRates, FrameFault } from './wire/frame-faults.ts'
import type { KeyType } from './wire/handshake.ts'

export type ExchangeOptions = {
  /** 0 takes a free one. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Plays this capture instead of a world: newline JSON, plain, .gz or .zst. */
  readonly capture?: string

  // Of the world
  /** Markets that are open at a time. Default 30. */
  readonly markets?: number
  /** Most markets live so long, from opening to close. Default 2 to 15 minutes. */
  readonly lifeMs?: readonly [min: number, max: number]
  /** How long the world has been running when it is first seen: markets have ended and trades been made. Default 0. */
  readonly ageMs?: number
  /** Plants a signal that foretells prices. Without it nothing does. Default false. */
  readonly signal?: boolean

  // Of a capture
  /** Recorded time is divided by this; `max` sends as fast as the sockets take it. Default 1. */
  readonly speed?: number | 'max'
  /** Frames in all per second. A capture: evenly, stamps ignored, not together with `speed`. A world: on average; default 200. */
  readonly ratePerSecond?: number
  /** Under how many tickers each market is listed: `T`, `T-C2`, `T-C3` … Default 1. */
  readonly copies?: number
  /** Play again and again. Default false. */
  readonly loop?: boolean
  /** Stop after the first frame with this seq of the capture's own. */
  readonly untilSeq?: number
  /** Leave `ts`, `ts_ms` and `time` as recorded instead of moving them to the present. Default false. */
  readonly keepTimes?: boolean
  /** Start the clock at once instead of at the first order-book subscription. Default false. */
  readonly startAtOnce?: boolean
  /** Wait until one connection holds this many markets of the order book before the clock starts. Default 1. */
  readonly startAfterMarkets?: number

  // Of both
  /** How far the exchange's wall clock is ahead of this machine's, in ms: what it stamps and what it checks. Default 0. */
  readonly clockOffsetMs?: number
  /** Type of the key made at start. Default rsa (2048 bits). */
  readonly keyType?: KeyType
  /** Use this private key instead of making one. PKCS#8 PEM. */
  readonly keyPem?: string
  /** Write the private key there, readable by its owner alone. */
  readonly keyOut?: string
  /** Where chance comes from: a world's happenings, faults. Default 1. */
  readonly seed?: number
  readonly pingIntervalMs?: number
  /** Handshakes past this are answered 429. Default 200. */
  readonly connectionsMax?: number
  /** More markets in one subscription are answered with error 26. Default 500,000. */
  readonly marketsPerSubscriptionMax?: number
  /** More commands of one connection in a second are answered with error 27. Default 10,000. */
  readonly commandsPerSecondMax?: number
  /** A socket that holds more ends the subscription with error 25. Default 64 MiB. */
  readonly bufferBytesMax?: number
  /** Tokens a second that each key may read with; 0 is no limit. Default 200 (Basic) for a world, none for a capture. */
  readonly readTokensPerSecond?: number
  /** How long the answer to a request without signature is kept, in ms. Default 15,000 for a world, 0 for a capture. */
  readonly restCacheMs?: number
  /** The chance, 0 … 1, that a command is carried out after the next one. Default 0. */
  readonly replySwapRate?: number
  /** At `max` a socket that holds more stops the clock. Default 1 MiB. */
  readonly highWaterBytes?: number
  /** At `max` a socket that takes nothing for so long is cut. Default 60,000. */
  readonly slowSocketMs?: number
  /** Most decompressed bytes of a capture, which is held in memory at about three times that. Default 512 MiB. */
  readonly captureBytesMax?: number
  /** Faults of single frames, by their number on a connection. */
  readonly frameFaults?: readonly FrameFault[]
  /** Chances of faults for each market frame, drawn from the seed. */
  readonly faultRates?: FaultRates
}

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

export type Settings = Required<Omit<ExchangeOptions, Optional>> & {
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
    readTokensPerSecond: isCapture ? 0 : BASIC_READ_TOKENS,
    restCacheMs: isCapture ? 0 : UNSIGNED_CACHE_MS,
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
