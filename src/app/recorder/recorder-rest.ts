/**
 * The recorder's REST client: every exchange goes into the journal, and the exchange's clock is read from its answers.
 * Used for choosing and following markets; nothing here decides anything about a book.
 */
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { RestClient, type SigningKey } from '#kalshi'
import { ClockWatch } from '../clock/clock-watch.ts'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { CLOCK_OFF_MS } from '../service/troubles.ts'
import type { Recorder } from './recorder.ts'

/** A body becomes JSON text in its record, at most twice as long: it stays below the largest record. A page of markets is 3 MB. */
const REST_BODY_BYTES_MAX = 15 * 1024 * 1024
/** A clock that is off is told again after so long. */
const TELL_AGAIN_MS = 600_000
const TICKERS_PER_REQUEST = 100

export const restBodyBytesMax = ({ journal }: Config): number => Math.min(REST_BODY_BYTES_MAX, journal.bufferBytes / 4)

export class RecorderRest {
  readonly client: RestClient
  readonly #log: Log
  readonly #clock: ClockWatch
  readonly #stopping = new AbortController()
  #toldMs = Number.NEGATIVE_INFINITY
  /** How far our clock is ahead of the exchange's, when it is off by more than can be. */
  clockAheadMs: number | undefined

  constructor(config: Config, recorder: Recorder, key: SigningKey | undefined, log: Log) {
    const { apiUrl, keyId } = config.exchange
    this.#log = log
    this.#clock = new ClockWatch({ log, onEstimate: (estimate) => recorder.clockEstimated(estimate) })
    this.client = new RestClient({
      baseUrl: apiUrl,
      key,
      keyId: key === undefined ? undefined : keyId,
      clock: new SystemClock(),
      random: SYSTEM_RANDOM,
      onExchange: (exchange) => recorder.rest(exchange),
      onClock: (aheadMs, withinMs) => this.#compare(aheadMs, withinMs),
      limits: { bodyBytesMax: restBodyBytesMax(config) },
      onRetry: (failed) => log.warn({ event: 'rest_retry', ...failed }),
    })
  }

  /** Looks at the clock from now on. */
  start(): void {
    this.#clock.start()
  }

  /** Asks for what the exchange says of markets that were named: it is in the journal then. What fails is told and left. */
  async describe(tickers: readonly string[]): Promise<void> {
    const { signal } = this.#stopping
    try {
      for (let from = 0; from < tickers.length; from += TICKERS_PER_REQUEST) {
        const some = tickers.slice(from, from + TICKERS_PER_REQUEST)
        for await (const _ of this.client.marketPages({ tickers: some }, 1, { signal }));
      }
    } catch (error) {
      if (signal.aborted) return
      const { code = 'UNKNOWN', message } = error as Error & { code?: string }
      this.#log.warn({ event: 'market_list_failed', code, reason: message, held: tickers.length })
    }
  }

  /** Gives up what is being asked for. */
  stop(): void {
    this.#stopping.abort()
    this.#clock.stop()
  }

  #compare(aheadMs: number, withinMs: number): void {
    this.#clock.heard(aheadMs, withinMs)
    const isOff = Math.abs(aheadMs) > CLOCK_OFF_MS + withinMs
    this.clockAheadMs = isOff ? aheadMs : undefined
    const nowMs = performance.now()
    if (!isOff || nowMs - this.#toldMs < TELL_AGAIN_MS) return
    this.#toldMs = nowMs
    this.#log.warn(
      { event: 'clock_off', code: 'FLOW_CLOCK_OFF', aheadMs: Math.round(aheadMs), withinMs: Math.round(withinMs) },
      `found this machine's clock ${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the exchange's, ` +
        'needed: within 2 s, since signatures carry the time. Set it by NTP (`timedatectl set-ntp true`)',
    )
  }
}
