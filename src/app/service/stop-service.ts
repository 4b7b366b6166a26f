/**
 * The end of a run, in the order in which nothing is lost: no more frames come in, those taken become durable, the store
 * takes what is durable, the API ends (its health answers until then), and last the database goes. Each stage has a limit,
 * all of them together another; what a stage did not get done is in the account.
 */
import type { Sealer } from '#journal'
import type { ThreadSummary } from '#live'
import type { AlertService } from '../alert/alert-service.ts'
import type { ApiThread } from '../api/api-thread.ts'
import type { ArchiveThread } from '../archive/archive-thread.ts'
import type { ControlServer } from '../control/control-server.ts'
import type { Log } from '../log/log.ts'
import type { Panel } from '../panel/panel.ts'
import type { Account } from '../recorder/account.ts'
import type { MarketList } from '../recorder/market-list.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { RecorderRest } from '../recorder/recorder-rest.ts'
import type { RecorderStore, StoreAccount } from '../store/recorder-store.ts'
import type { DiskWatch } from './disk-watch.ts'
import type { OutlookTeller } from './outlook-teller.ts'

/** All stages together; a disk or a server that is slow takes it, a healthy one some tenths of a second. */
const STOP_MS_MAX = 10_000
/** How long storing the rest may hold up the end: what is missing is stored at the next start. */
const STORE_MS_MAX = 2_000
/** How long letting an embedded server go may hold up the end; it goes on without us. */
const DATABASE_MS_MAX = 1_500

/** How long telling people that it ends may hold it up. */
const ALERT_MS_MAX = 2_500

export type RunAccount = Account & {
  readonly store?: StoreAccount
  /** Threads that crashed or hung and were started anew. */
  readonly restarts: number
  /** How long the end took. */
  readonly stopMs: number
}

export type ServiceParts = {
  readonly recorder: Recorder
  readonly rest: RecorderRest
  readonly list: MarketList | undefined
  readonly store: RecorderStore | undefined
  readonly api: ApiThread | undefined
  /** Those that were kept running beside the recorder. */
  readonly threads: () => Readonly<Record<string, ThreadSummary>>
  readonly control: ControlServer
  readonly sealer: Sealer | undefined
  readonly archive: ArchiveThread | undefined
  readonly disk: DiskWatch
  readonly outlook: OutlookTeller
  readonly alerts: AlertService | undefined
  readonly panel: Panel
  readonly log: Log
}

/** Ends everything; never throws, and is not called twice. */
export async function stopService(parts: ServiceParts, reason: string): Promise<RunAccount> {
  const { recorder, rest, list, store, api, threads, control, sealer, archive, disk, outlook, alerts, panel, log } =
    parts
  const startedMs = performance.now()
  const left = (most: number): number => Math.max(0, Math.min(most, startedMs + STOP_MS_MAX - performance.now()))
  log.info({ event: 'stopping', reason })
  list?.stop()
  rest.stop()
  outlook.stop()
  disk.stop()
  panel.stop()
  const account = await recorder.stop(reason)
  const { frames, breaks, connectionsLost, isComplete } = account
  const told = alerts?.stop(
    reason,
    { frames, breaks, connections_lost: connectionsLost, complete: isComplete },
    ALERT_MS_MAX,
  )
  const stored = await store?.drain(left(STORE_MS_MAX))
  await api?.close()
  await control.close()
  await store?.release(left(DATABASE_MS_MAX))
  await sealer?.close()
  await told
  // What it was at is done again by the next.
  await archive?.close()
  return {
    ...account,
    ...(stored === undefined ? {} : { store: stored }),
    restarts: Object.values(threads()).reduce((sum, each) => sum + each.restarts, stored?.restarts ?? 0),
    stopMs: Math.round(performance.now() - startedMs),
  }
}
