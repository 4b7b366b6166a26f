/**
 * A recorder from configuration to account: what `record` and `start` have in common. Everything that must be right
 * before a connection is made is checked here, and everything received is durable before it returns.
 */
import type { Environment } from '#domain'
import { SYSTEM_RANDOM, SystemClock, startSealer } from '#journal'
import { loadKey, openMarketsByVolume, RestClient, type SigningKey } from '#kalshi'
import { type Stop, untilStopped } from '../commands/stop-signals.ts'
import type { Config } from '../config/config.ts'
import type { ConfigNotice } from '../config/config-error.ts'
import { openControl } from '../control/control-server.ts'
import { type Log, openLog, wantsColour } from '../log/log.ts'
import { tellMissing } from '../reading/journal-faults.ts'
import { unfinishedRun } from '../reading/last-run.ts'
import { type StoreAccount, startRecorderStore } from '../store/recorder-store.ts'
import { describeRecorder } from '../systemd/describe-recorder.ts'
import { ServiceManager } from '../systemd/service-manager.ts'
import { VERSION } from '../version.ts'
import type { Account } from './account.ts'
import { lockData } from './data-lock.ts'
import { openRecorder, type Recorder } from './recorder.ts'
import { StatusLine } from './status-line.ts'

export type RunOptions = {
  readonly config: Config
  /** What the configuration found worth telling. */
  readonly notices: readonly ConfigNotice[]
  readonly environment: Environment
  readonly dataFolder: string
  readonly command: string
  /** Without tickers: how many of the open markets with the most volume. */
  readonly maxMarkets: number
  readonly forMs?: number | undefined
  /** Store into PostgreSQL too. */
  readonly store: boolean
  /** Told once the recorder is connecting. */
  readonly onStarted?: (recorder: Recorder, log: Log) => void
  /** Resolves when something beside the recorder has failed. */
  readonly failed?: Promise<Error>
}

/** How long storing the rest may hold up the end. With everything else it stays below five seconds. */
const STORE_MS_MAX = 2_000

export type RunAccount = Account & { readonly store?: StoreAccount }

export class NoMarkets extends Error {
  override readonly name = 'NoMarkets'
  readonly code = 'FLOW_NO_MARKETS'
}

/** Runs until it is stopped. Throws before the first connection when something is wrong; never after. */
export async function runRecorder(options: RunOptions): Promise<RunAccount> {
  const { config, environment, dataFolder } = options
  const statusLine = new StatusLine(process.stderr, wantsColour(process.stderr.isTTY === true, process.env))
  const { log, flush, dropped } = openLog({
    ...config.log,
    colour: wantsColour(process.stderr.isTTY === true, process.env),
    ...(process.stderr.isTTY === true ? { destination: statusLine } : {}),
  })
  const signals = untilStopped(options.forMs)
  for (const { name, text } of options.notices) log.warn({ event: 'config_notice', name }, text)
  const key = loadSigningKey(config, log)
  const lock = lockData(dataFolder, options.command)
  const manager = new ServiceManager({ log })
  try {
    log.info({ event: 'program_started', command: options.command, version: VERSION, environment, dataFolder })
    const before = await unfinishedRun(`${dataFolder}/journal`)
    const { exchange, journal } = config
    const recorder = await openRecorder({
      environment,
      dataFolder,
      wsUrl: exchange.wsUrl,
      key,
      keyId: exchange.keyId,
      useYesPrice: exchange.useYesPrice,
      pingSilenceMs: exchange.pingSilenceMs,
      marketsPerConnection: exchange.marketsPerConnection,
      connectionsMax: exchange.connectionsMax,
      journal,
      log,
    })
    for (const text of await tellMissing(`${dataFolder}/journal`)) log.error({ event: 'journal_damaged' }, text)
    recorder.begin()
    if (before !== undefined) {
      recorder.declareProcessDown(before.lastNs)
      log.warn({
        event: 'process_was_down',
        session: before.session,
        lastRecord: new Date(Number(before.lastNs / 1_000_000n)).toISOString(),
      })
    }
    let account: Account | undefined
    let stored: StoreAccount | undefined
    const store = options.store ? startRecorderStore(config, dataFolder, recorder, log) : undefined
    const sealer = journal.seal ? startJournalSealer(`${dataFolder}/journal`, log) : undefined
    const control = await openControl({
      dataFolder,
      recorder,
      log,
      onStop: () => signals.stop('asked to over the control socket'),
    })
    try {
      const failed = Promise.race([recorder.broken, ...(options.failed === undefined ? [] : [options.failed])])
      const ended = Promise.race([signals.stopped, failed.then((error) => ({ reason: error.message }))])
      const markets = await chosenBefore(ended, (signal) => chooseMarkets(options, recorder, key, log, signal))
      if (markets !== undefined) {
        recorder.start(markets)
        manager.ready({ broken: recorder.broken, describe: () => describeRecorder(recorder, environment) })
        options.onStarted?.(recorder, log)
        statusLine.start(recorder, environment, log, () => store?.status())
      }
      const { reason } = await ended
      manager.stopping(reason)
      statusLine.stop()
      account = await recorder.stop(reason)
    } finally {
      statusLine.stop()
      await control.close()
      account ??= await recorder.stop('could not start')
      stored = await store?.close(STORE_MS_MAX)
      await sealer?.close()
    }
    if (dropped() > 0) log.warn({ event: 'log_lines_dropped', lines: dropped() })
    log.info({ event: 'program_stopped', reason: account.reason, isComplete: account.isComplete })
    return stored === undefined ? account : { ...account, store: stored }
  } finally {
    manager.close()
    lock.release()
    flush()
  }
}

function loadSigningKey({ exchange }: Config, log: Log): SigningKey | undefined {
  if (exchange.key === undefined) return undefined
  const source = 'path' in exchange.key ? exchange.key : { content: exchange.key.content.reveal() }
  const { key, warnings } = loadKey(source)
  for (const warning of warnings) log.warn({ event: 'key_warning' }, warning)
  return key
}

/** What `choose` answers; `undefined` when the end comes first, and then the choosing is called off. */
async function chosenBefore<T>(
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

/** The tickers asked for, else the open markets with the most volume. */
async function chooseMarkets(
  { config, maxMarkets }: RunOptions,
  recorder: Recorder,
  key: SigningKey | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (config.markets.length > 0) return config.markets
  const { apiUrl, keyId } = config.exchange
  const client = new RestClient({
    baseUrl: apiUrl,
    key,
    keyId: key === undefined ? undefined : keyId,
    clock: new SystemClock(),
    random: SYSTEM_RANDOM,
    onExchange: (exchange) => recorder.rest(exchange),
    limits: { bodyBytesMax: Math.min(REST_BODY_BYTES_MAX, config.journal.bufferBytes / 4) },
    onRetry: (failed) => log.warn({ event: 'rest_retry', ...failed }),
  })
  log.info({ event: 'markets_choosing', exchange: apiUrl, atMost: maxMarkets })
  const { markets } = await openMarketsByVolume(client, maxMarkets, { signal })
  const tickers = markets.map(({ ticker }) => ticker)
  if (tickers.length === 0) {
    throw new NoMarkets(`${apiUrl} lists no open market: name some with --markets or RL_MARKET_TICKERS`)
  }
  log.info({ event: 'markets_chosen', count: tickers.length, markets: tickers.slice(0, 20) })
  return tickers
}

/** A body becomes JSON text in its record, at most twice as long: it stays below the largest record. A page of markets is 3 MB. */
const REST_BODY_BYTES_MAX = 15 * 1024 * 1024
const SEAL_EVERY_MS = 60_000

const startJournalSealer = (folder: string, log: Log) =>
  startSealer({
    folder,
    everyMs: SEAL_EVERY_MS,
    onSealed: ({ segment, raw, sealed }) =>
      log.info({ event: 'segment_sealed', segment, rawBytes: raw.bytes, sealedBytes: sealed.bytes }),
    onFailed: (failure) => log.error({ event: 'seal_failed', ...failure }),
  })
