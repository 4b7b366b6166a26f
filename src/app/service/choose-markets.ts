/** Which markets a run records: those that were named, else the list that follows the exchange; and the first choice of it. */
import type { Stop } from '../commands/stop-signals.ts'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { MarketList } from '../recorder/market-list.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { RecorderRest } from '../recorder/recorder-rest.ts'
import type { ServiceOptions } from './service-options.ts'

/** The built-in exchange may be asked more often: its markets live for minutes, and nobody else shares its limits. */
const BUILT_IN_LIMITS = { lookMs: 10_000, settledMs: 30_000 }

/** `undefined` when markets were named. */
export function followMarkets(options: ServiceOptions, recorder: Recorder, rest: RecorderRest, log: Log) {
  if (options.config.markets.length > 0) return undefined
  return new MarketList({
    client: rest.client,
    holder: recorder,
    marketsMax: options.maxMarkets,
    log,
    nowMs: () => Date.now(),
    limits: options.builtIn === undefined ? {} : BUILT_IN_LIMITS,
  })
}

/** The open markets with the most volume; none at all is no reason to end, since some will open. */
export async function chooseMarkets(
  { exchange }: Config,
  maxMarkets: number,
  list: MarketList,
  log: Log,
  signal: AbortSignal,
): Promise<readonly string[]> {
  log.info({ event: 'markets_choosing', exchange: exchange.apiUrl, atMost: maxMarkets })
  const tickers = await list.choose(signal)
  const none = tickers.length === 0 ? 'no market is open: those that open are recorded' : undefined
  log[none === undefined ? 'info' : 'warn'](
    { event: 'markets_chosen', count: tickers.length, markets: tickers.slice(0, 20) },
    none,
  )
  return tickers
}

/** What `choose` answers; `undefined` when the end comes first, and then the choosing is called off. */
export async function chosenBefore<T>(
  ended: Promise<Stop>,
  choose: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const calledOff = new AbortController()
  const chosen = choose(calledOff.signal)
  // Called off, it rejects behind our back.
  chosen.catch(() => {})
  const first = await Promise.race([chosen, ended.then(() => undefined)])
  calledOff.abort()
  return first
}
