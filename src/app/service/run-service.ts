/**
 * A recording service from configuration to account: what `record` and `start` have in common. Everything that must be right
 * before a connection is made is checked here, and everything received is durable before it returns.
 *
 * It puts the parts together, in the order in which they need each other, and hands them to {@link stopService}; what each
 * does is its own business. Only the recorder can end the run: whatever else fails is started anew or done without.
 */
import { parsePosition } from '#domain'
import { startSealer } from '#journal'
import type { SigningKey } from '#kalshi'
import { AlertService } from '../alert/alert-service.ts'
import type { ApiThread } from '../api/api-thread.ts'
import { type OpenedApi, openApi } from '../api/open-api.ts'
import { type ArchiveThread, startArchiver } from '../archive/archive-thread.ts'
import { type StopSignals, untilStopped } from '../commands/stop-signals.ts'
import { type ControlServer, openControl } from '../control/control-server.ts'
import type { BuiltInExchange } from '../exchange/built-in-exchange.ts'
import { type Log, openLog, wantsColour } from '../log/log.ts'
import { OwnTerminal } from '../panel/own-terminal.ts'
import { Panel } from '../panel/panel.ts'
import { lockData } from '../recorder/data-lock.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { RecorderRest, restBodyBytesMax } from '../recorder/recorder-rest.ts'
import { NOT_STARTED, type RecorderStore, startRecorderStore } from '../store/recorder-store.ts'
import { describeRecorder } from '../systemd/describe-recorder.ts'
import { ServiceManager } from '../systemd/service-manager.ts'
import { summariesOf } from '../threads/supervised-thread.ts'
import { VERSION } from '../version.ts'
import { boundsOf } from './bounds.ts'
import { chooseMarkets, chosenBefore, followMarkets } from './choose-markets.ts'
import { checkFree, DiskWatch, freeSpaceOf } from './disk-watch.ts'
import { refuseMoreThanRead, warnOfScopes } from './key-scopes.ts'
import { loadSigningKey, openRecording } from './open-recording.ts'
import { OutlookTeller } from './outlook-teller.ts'
import type { ServiceOptions } from './service-options.ts'
import { fieldsOf, viewService } from './service-view.ts'
import { type RunAccount, stopService } from './stop-service.ts'
import { tellBounds } from './tell-bounds.ts'

/** Runs until it is stopped. Throws before the first connection when something is wrong; never after. */
export async function runService(options: ServiceOptions): Promise<RunAccount> {
  const { config, dataFolder } = options
  const terminal = OwnTerminal.open(process.stderr)
  const colour = wantsColour(process.stderr.isTTY === true, process.env)
  const panel = new Panel(terminal ?? NO_TERMINAL, colour)
  const opened = openLog({ ...config.log, colour, ...(terminal === undefined ? {} : { destination: panel }) })
  const { log, flush } = opened
  const dropped = () => opened.dropped() + (terminal?.dropped ?? 0)
  const signals = untilStopped()
  for (const { name, text } of options.notices) log.warn({ event: 'config_notice', name }, text)
  const key = loadSigningKey(config, log)
  if (config.exchange.strictKey && options.builtIn === undefined) await refuseMoreThanRead(config.exchange, key)
  const lock = lockData(dataFolder, options.command)
  try {
    checkFree(dataFolder, await freeSpaceOf(dataFolder))
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
    await terminal?.close(TERMINAL_MS_MAX)
  }
}

/** How long a terminal may take for its last lines. */
const TERMINAL_MS_MAX = 500
const NO_TERMINAL = { isTTY: false, write: () => {} }

type Begun = {
  readonly recorder: Recorder
  readonly key: SigningKey | undefined
  readonly log: Log
  readonly panel: Panel
  readonly signals: StopSignals
}

async function serveRecording(options: ServiceOptions, begun: Begun): Promise<RunAccount> {
  const { config, environment, dataFolder, builtIn } = options
  const { recorder, key, log, panel, signals } = begun
  let archive: ArchiveThread | undefined
  const sealer = config.journal.seal
    ? startJournalSealer(`${dataFolder}/journal`, log, () => archive?.look())
    : undefined
  const disk = new DiskWatch(dataFolder, (free) => recorder.looked(free))
  const rest = new RecorderRest(config, recorder, key, log)
  const list = followMarkets(options, recorder, rest, log)
  const kept = { seal: config.journal.seal, store: options.store }
  let api: ApiThread | undefined
  let store: RecorderStore | undefined
  let alerts: AlertService | undefined
  const outlook = new OutlookTeller({ recorder, store: () => store, disk, kept, log })
  const threads = () =>
    summariesOf({ api: api?.status(), archive: archive?.status(), exchange: builtIn?.exchange.status() })
  const control = await openControl({
    dataFolder,
    recorder,
    log,
    ...(options.store ? { store: () => store?.summary() ?? NOT_STARTED } : {}),
    threads,
    alerts: () => alerts?.summary,
    outlook: () => outlook.current,
    archive: () => archive?.summary(),
    onStop: () => signals.stop('asked to over the control socket'),
  })
  const manager = new ServiceManager({ log })
  const asking = new AbortController()
  const stop = (reason: string) =>
    stopService(
      {
        ...{ recorder, rest, list, store, api, threads, control, sealer },
        ...{ archive, disk, outlook, alerts, panel, log },
      },
      reason,
    )
  try {
    // Before anything is connected or stored: who started it wants the page, and should not hear late of a taken port.
    const opened = await openApi(options, log)
    api = opened?.thread
    if (options.store) store = startRecorderStore(config, dataFolder, recorder, log)
    const readBefore = () => neededFrom(options.store, store)
    archive = await startArchiver({ config: config.archive, dataFolder, readBefore, log })
    const ended = Promise.race([signals.stopped, recorder.broken.then((error) => ({ reason: error.message }))])
    await disk.start()
    rest.start()
    alerts = startAlerts(options, recorder, log, control)
    void tellAllBounds(options, opened?.bounds, log)
    const markets = await chosenBefore(ended, async (signal) =>
      list === undefined ? config.markets : await chooseMarkets(config, options.maxMarkets, list, log, signal),
    )
    if (markets !== undefined) {
      recorder.start(markets)
      if (builtIn === undefined && !config.exchange.strictKey)
        void warnOfScopes(config.exchange, key, log, asking.signal)
      if (options.forMs !== undefined) signals.after(options.forMs)
      manager.ready({ broken: recorder.broken, describe: () => describeRecorder(recorder, environment) })
      if (list === undefined) void rest.describe(markets)
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
        archive: () => archive?.summary(),
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
    asking.abort()
    manager.close()
  }
}

/**
 * The segment before which nothing need be kept for the database: the one that it has reached. `undefined` while that is
 * not known; without a store the archive alone is to have it.
 */
function neededFrom(hasStore: boolean, store: RecorderStore | undefined): number | undefined {
  if (!hasStore) return Number.MAX_SAFE_INTEGER
  const { state, position } = store?.summary() ?? NOT_STARTED
  return state === 'writing' ? parsePosition(position)?.segment : undefined
}

/** Once the API is there, or is known not to be. */
async function tellAllBounds(options: ServiceOptions, api: OpenedApi['bounds'] | undefined, log: Log): Promise<void> {
  const { config, store: hasStore } = options
  const parts = { restBytes: restBodyBytesMax(config), hasStore, hasBooks: options.api === 'all', api: await api }
  tellBounds(log, boundsOf(config, parts))
}

function tellBuiltIn(exchange: BuiltInExchange, log: Log): void {
  exchange.onEvent = ({ kind, ...fields }) =>
    log[kind === 'restarting' ? 'error' : 'warn']({ event: 'thread_event', thread: 'exchange', what: kind, ...fields })
  log.info(
    { event: 'built_in_exchange', url: exchange.address?.url },
    'recording the built-in exchange: its markets, traders and prices are invented',
  )
}

function startAlerts(
  { config, environment, dataFolder }: ServiceOptions,
  recorder: Recorder,
  log: Log,
  control: ControlServer,
): AlertService {
  const status = () => control.status()
  const alerts = new AlertService({ config, environment, dataFolder, log, status })
  const { wasDownFromNs } = recorder
  alerts.start(wasDownFromNs === undefined ? undefined : new Date(Number(wasDownFromNs / 1_000_000n)))
  return alerts
}

const SEAL_EVERY_MS = 60_000

const startJournalSealer = (folder: string, log: Log, onSealed: () => void) =>
  startSealer({
    folder,
    everyMs: SEAL_EVERY_MS,
    onSealed: ({ segment, raw, sealed }) => {
      log.info({ event: 'segment_sealed', segment, rawBytes: raw.bytes, sealedBytes: sealed.bytes })
      onSealed()
    },
    onFailed: (failure) => log.error({ event: 'seal_failed', ...failure }),
  })
