/**
 * A recording service from configuration to account: what `record` and `start` have in common. Everything that must be right
 * before a connection is made is checked here, and everything received is durable before it returns.
 *
 * It puts the parts together, in the order in which they need each other, and hands them to {@link stopService}; what each
 * does is its own business. Only the recorder can end the run: whatever else fails is started anew or done without.
 */
import { startSealer } from '#journal'
import { loadKey, type SigningKey } from '#kalshi'
import type { ApiThread } from '../api/api-thread.ts'
import { openApi } from '../api/open-api.ts'
import { type Stop, untilStopped } from '../commands/stop-signals.ts'
import type { Config } from '../config/config.ts'
import { openControl } from '../control/control-server.ts'
import type { BuiltInExchange } from '../exchange/built-in-exchange.ts'
import { type Log, openLog, wantsColour } from '../log/log.ts'
import { Panel } from '../panel/panel.ts'
import { tellMissing } from '../reading/journal-faults.ts'
import { unfinishedRun } from '../reading/last-run.ts'
import { lockData } from '../recorder/data-lock.ts'
import { MarketList } from '../recorder/market-list.ts'
import { openRecorder, type Recorder } from '../recorder/recorder.ts'
import { RecorderRest, restBodyBytesMax } from '../recorder/recorder-rest.ts'
import { startRecorderStore } from '../store/recorder-store.ts'
import { isCredential } from '../systemd/credentials.ts'
import { describeRecorder } from '../systemd/describe-recorder.ts'
import { ServiceManager } from '../systemd/service-manager.ts'
import { VERSION } from '../version.ts'
import { boundsOf } from './bounds.ts'
import { checkFree, DiskWatch, freeBytesOf } from './disk-watch.ts'
import { OutlookTeller } from './outlook-teller.ts'
import type { ServiceOptions } from './service-options.ts'
import { fieldsOf, viewService } from './service-view.ts'
import { type RunAccount, stopService } from './stop-service.ts'
import { tellBounds } from './tell-bounds.ts'

/** Runs until it is stopped. Throws before the first connection when something is wrong; never after. */
export async function runService(options: ServiceOptions): Promise<RunAccount> {
  const { config, dataFolder } = options
  const isTerminal = process.stderr.isTTY === true
  const colour = wantsColour(isTerminal, process.env)
  const panel = new Panel(process.stderr, colour)
  const { log, flush, dropped } = openLog({ ...config.log, colour, ...(isTerminal ? { destination: panel } : {}) })
  const signals = untilStopped(options.forMs)
  for (const { name, text } of options.notices) log.warn({ event: 'config_notice', name }, text)
  const key = loadSigningKey(config, log)
  const lock = lockData(dataFolder, options.command)
  try {
    checkFree(dataFolder, await freeBytesOf(dataFolder))
    const { command, environment } = options
    log.info({ event: 'program_started', command, version: VERSION, environment, dataFolder })
    const recorder = await openRecording(options, key, log)
    const account = await serveRecording(options, { recorder, key, log, panel, signals })
    if (dropped() > 0) log.warn({ event: 'log_lines_dropped', lines: dropped() })
    log.info({
      event: 'program_stopped',
      reason: account.reason,
      isComplete: account.isComplete,
      stopMs: account.stopMs,
    })
    return account
  } finally {
    panel.stop()
    lock.release()
    flush()
  }
}

/** The recorder with its journal open, and what the run before it left written down. */
async function openRecording(options: ServiceOptions, key: SigningKey | undefined, log: Log): Promise<Recorder> {
  const { config, environment, dataFolder } = options
  const before = await unfinishedRun(`${dataFolder}/journal`)
  const { wsUrl, keyId, useYesPrice, pingSilenceMs, marketsPerConnection, connectionsMax } = config.exchange
  const { journal } = config
  const exchange = { wsUrl, key, keyId, useYesPrice, pingSilenceMs, marketsPerConnection, connectionsMax }
  const recorder = await openRecorder({ environment, dataFolder, ...exchange, journal, log })
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
  return recorder
}

type Opened = {
  readonly recorder: Recorder
  readonly key: SigningKey | undefined
  readonly log: Log
  readonly panel: Panel
  readonly signals: ReturnType<typeof untilStopped>
}

async function serveRecording(options: ServiceOptions, opened: Opened): Promise<RunAccount> {
  const { config, environment, dataFolder, builtIn } = options
  const { recorder, key, log, panel, signals } = opened
  const store = options.store ? startRecorderStore(config, dataFolder, recorder, log) : undefined
  const sealer = config.journal.seal ? startJournalSealer(`${dataFolder}/journal`, log) : undefined
  const disk = new DiskWatch(dataFolder)
  const rest = new RecorderRest(config, recorder, key, log)
  const list = config.markets.length > 0 ? undefined : followMarkets(options, recorder, rest, log)
  const kept = { seal: config.journal.seal, store: options.store }
  const outlook = new OutlookTeller({ recorder, store, disk, kept, log })
  const control = await openControl({
    dataFolder,
    recorder,
    log,
    ...(store === undefined ? {} : { store: () => store.summary() }),
    onStop: () => signals.stop('asked to over the control socket'),
  })
  const manager = new ServiceManager({ log })
  let api: ApiThread | undefined
  const stop = (reason: string) =>
    stopService({ recorder, list, store, api, control, sealer, disk, outlook, panel, log }, reason)
  try {
    // Before anything is connected: who started it wants the page, and should not hear of a taken port when it is late.
    api = await openApi(options, log)
    const ended = Promise.race([signals.stopped, recorder.broken.then((error) => ({ reason: error.message }))])
    await disk.start()
    tellBounds(
      log,
      boundsOf(config, {
        restBytes: restBodyBytesMax(config),
        hasStore: options.store,
        hasBooks: options.api === 'all',
      }),
    )
    const markets = await chosenBefore(ended, async (signal) =>
      list === undefined ? config.markets : await chooseMarkets(config, options.maxMarkets, list, log, signal),
    )
    if (markets !== undefined) {
      recorder.start(markets)
      manager.ready({ broken: recorder.broken, describe: () => describeRecorder(recorder, environment) })
      if (list === undefined) void rest.describe(markets, AbortSignal.timeout(DESCRIBE_MS_MAX))
      else void list.follow()
      outlook.start(markets.length, builtIn?.framesPerSecond)
      if (builtIn !== undefined) tellBuiltIn(builtIn.exchange, log)
      const parts = {
        environment,
        recorder,
        store: () => store?.summary(),
        disk: () => disk.figures,
        outlook: () => outlook.current,
        api: () => api?.status(),
        exchange: () => builtIn?.exchange.status(),
        clockAheadMs: () => rest.clockAheadMs,
      }
      panel.start(
        () => viewService(parts),
        (view) => log.info({ event: 'recording', ...fieldsOf(view) }),
      )
    }
    const { reason } = await ended
    manager.stopping(reason)
    return await stop(reason)
  } catch (error) {
    await stop('could not start')
    throw error
  } finally {
    manager.close()
  }
}

/** How long asking for what is said of markets that were named may go on. */
const DESCRIBE_MS_MAX = 120_000

function loadSigningKey({ exchange }: Config, log: Log): SigningKey | undefined {
  if (exchange.key === undefined) return undefined
  const source = 'path' in exchange.key ? exchange.key : { content: exchange.key.content.reveal() }
  const { key, warnings } = loadKey(source)
  const isKeptSafe = 'path' in source && isCredential(source.path)
  for (const warning of isKeptSafe ? [] : warnings) log.warn({ event: 'key_warning' }, warning)
  return key
}

/** The built-in exchange may be asked more often: its markets live for minutes, and nobody else shares its limits. */
const BUILT_IN_LOOK_MS = 10_000

function followMarkets(options: ServiceOptions, recorder: Recorder, rest: RecorderRest, log: Log): MarketList {
  return new MarketList({
    client: rest.client,
    holder: recorder,
    marketsMax: options.maxMarkets,
    log,
    nowMs: () => Date.now(),
    limits: options.builtIn === undefined ? {} : { lookMs: BUILT_IN_LOOK_MS },
  })
}

/** The open markets with the most volume; none at all is no reason to end, since some will open. */
async function chooseMarkets(
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

function tellBuiltIn(exchange: BuiltInExchange, log: Log): void {
  exchange.onEvent = ({ kind, ...fields }) =>
    log[kind === 'restarting' ? 'error' : 'warn']({ event: 'thread_event', thread: 'exchange', what: kind, ...fields })
  log.info(
    { event: 'built_in_exchange', url: exchange.address?.url },
    'recording the built-in exchange: its markets, traders and prices are invented',
  )
}

const SEAL_EVERY_MS = 60_000

const startJournalSealer = (folder: string, log: Log) =>
  startSealer({
    folder,
    everyMs: SEAL_EVERY_MS,
    onSealed: ({ segment, raw, sealed }) =>
      log.info({ event: 'segment_sealed', segment, rawBytes: raw.bytes, sealedBytes: sealed.bytes }),
    onFailed: (failure) => log.error({ event: 'seal_failed', ...failure }),
  })
