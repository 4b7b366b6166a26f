/**
 * What a recorder under systemd says of itself: that it records, that it lives, that it stops, and a line of figures.
 *
 * It lives while its event loop turns (else the timer here does not) and its journal takes records. A watchdog that is not
 * told so in time has systemd restart the recorder. An exchange that is away, books in doubt and a database that is down
 * are no reason for that: a restart would mend none of them. Without NOTIFY_SOCKET nothing is started and nothing told.
 */
import type { Log } from '../log/log.ts'
import { type Assignments, Notifier } from './notifier.ts'

export type ServiceManagerOptions = {
  readonly log: Log
  readonly environment?: Readonly<NodeJS.ProcessEnv>
}

/** What is told of. */
export type Watched = {
  /** Resolves when nothing more can be recorded. */
  readonly broken: Promise<unknown>
  /** One line of what it does now. */
  readonly describe: () => string
}

const STATUS_EVERY_MS = 10_000
/** However short the watchdog's time is: below it, telling would be the work. */
const TELL_EVERY_MS_MIN = 250

export class ServiceManager {
  readonly #notifier: Notifier | undefined
  readonly #everyMs: number
  readonly #hasWatchdog: boolean
  #timer: NodeJS.Timeout | undefined

  constructor({ log, environment = process.env }: ServiceManagerOptions) {
    const watchdogMs = watchdogMsOf(environment)
    this.#hasWatchdog = watchdogMs !== undefined
    this.#everyMs = Math.max(TELL_EVERY_MS_MIN, Math.min(STATUS_EVERY_MS, (watchdogMs ?? Number.POSITIVE_INFINITY) / 2))
    if ((environment['NOTIFY_SOCKET'] ?? '') === '') return
    const onFailure = (reason: string) => log.warn({ event: 'service_manager_unreachable', reason })
    this.#notifier = new Notifier({ environment, onFailure })
  }

  /** Recording has begun; from here on it is told that it goes on. */
  ready({ broken, describe }: Watched): void {
    const notifier = this.#notifier
    if (notifier === undefined) return
    notifier.tell(['READY=1', `STATUS=${describe()}`], true)
    let isBroken = false
    void broken.then(() => {
      isBroken = true
    })
    this.#timer = setInterval(() => {
      const status = `STATUS=${isBroken ? 'the journal has failed: nothing more is recorded' : describe()}`
      const message: Assignments = this.#hasWatchdog && !isBroken ? ['WATCHDOG=1', status] : [status]
      notifier.tell(message)
    }, this.#everyMs)
    this.#timer.unref()
  }

  /** Recording ends; making everything durable may take some seconds. The watchdog is told until {@link close}. */
  stopping(reason: string): void {
    this.#notifier?.tell(['STOPPING=1', `STATUS=stopping: ${reason}`], true)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#notifier?.close()
  }
}

/** How long the watchdog waits; `undefined` without one, or when it watches another process than us and our launcher. */
function watchdogMsOf(environment: Readonly<NodeJS.ProcessEnv>): number | undefined {
  const ms = Number(environment['WATCHDOG_USEC']) / 1000
  if (!(ms > 0)) return undefined
  const watched = environment['WATCHDOG_PID'] ?? ''
  return watched === '' || Number(watched) === process.pid || Number(watched) === process.ppid ? ms : undefined
}
