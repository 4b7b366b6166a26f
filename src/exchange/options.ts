/** What an exchange can be told, and the defaults. What is wrong with it is said in settings.ts. */
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
  /** Scopes that `/api_keys` tells of whatever key asks. Default `read` alone. */
  readonly keyScopes?: readonly string[]
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
  /** What is to go wrong, as `--faults` takes it: docs/exchange.md. Times count from the first connection. */
  readonly faults?: string
}
