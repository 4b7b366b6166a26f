/**
 * The alarms of a running recorder: looks at its status once a second, tells what fires, pings the dead-man, has the daily report
 * sent. Beside the recorder in its process and never in its way: a look is a few hundred operations, everything sent is sent
 * behind its back.
 */
import {
  AlertEngine,
  Courier,
  type CourierEvent,
  changeRules,
  type EngineLimits,
  type LifeEvent,
  type Message,
  reasonsAgainstPing,
  SEND_LIMITS,
  type SendLimits,
} from '#alert'
import type { AlertSummary, ServiceStatus } from '#live'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { RepeatedLines } from '../log/log-repeats.ts'
import { VERSION } from '../version.ts'
import { targetsOf } from './alert-targets.ts'
import { DailyReport, reportCommand } from './daily-report.ts'
import { DeadManSwitch } from './dead-man-switch.ts'
import { SignalReader } from './read-signals.ts'

const LOOK_EVERY_MS = 1_000
const REPORT_EVERY_MS = 20_000

export type AlertServiceOptions = {
  readonly config: Pick<Config, 'alert' | 'profile'>
  readonly environment: string
  readonly dataFolder: string
  readonly log: Log
  readonly status: () => Promise<ServiceStatus>
  /** For tests. */
  readonly lookEveryMs?: number
  readonly sendLimits?: SendLimits
  readonly limits?: Partial<EngineLimits>
}

export class AlertService {
  readonly #options: AlertServiceOptions
  readonly #engine: AlertEngine
  readonly #courier: Courier
  readonly #reader = new SignalReader()
  readonly #repeats: RepeatedLines
  readonly #off: ReadonlySet<string>
  readonly #deadMan: DeadManSwitch | undefined
  readonly #report: DailyReport | undefined
  readonly #timers: NodeJS.Timeout[] = []
  #isLooking = false
  #toldFiring = ''

  constructor(options: AlertServiceOptions) {
    const { config, log, dataFolder, limits, sendLimits = SEND_LIMITS } = options
    const { rules, repeatMs, deadManUrl, deadManMs, reportAt } = config.alert
    const { rules: changed, off } = changeRules(rules)
    this.#options = options
    this.#off = new Set(off)
    this.#repeats = new RepeatedLines(log, () => performance.now())
    this.#engine = new AlertEngine(changed, { repeatMs, ...limits })
    this.#courier = new Courier(targetsOf(config), (event) => this.#tellCourier(event), sendLimits)
    this.#deadMan =
      deadManUrl && new DeadManSwitch({ url: deadManUrl, everyMs: deadManMs, log, nowMs: () => performance.now() })
    const command = reportCommand(dataFolder, config.profile)
    this.#report = reportAt && new DailyReport({ at: reportAt, command, log }, Date.now())
  }

  get summary(): AlertSummary {
    const deadMan = this.#deadMan
    return {
      firing: this.#engine.firing,
      targets: this.#courier.counts,
      dead_man:
        deadMan === undefined ? null : { pings: deadMan.pings, failed: deadMan.failures, withheld: deadMan.withheld },
    }
  }

  /** `wasDownFrom`: since when a run before this one, which ended without a word, recorded nothing. */
  start(wasDownFrom: Date | undefined): void {
    const { lookEveryMs = LOOK_EVERY_MS } = this.#options
    this.#timers.push(setInterval(() => void this.#look(), lookEveryMs).unref())
    if (this.#report !== undefined) {
      const report = this.#report
      this.#timers.push(setInterval(() => report.tick(Date.now()), REPORT_EVERY_MS).unref())
    }
    if (wasDownFrom === undefined) return
    const downFor = `${Math.round((Date.now() - wasDownFrom.getTime()) / 1000)} s`
    this.#event('recorder_was_down', 'critical', 'the recorder was down and records again', {
      from: wasDownFrom.toISOString(),
      for: downFor,
    })
  }

  /** Tells that the recording has ended, and waits at most `withinMs` until it is told. */
  async stop(reason: string, fields: Message['fields'], withinMs: number): Promise<void> {
    for (const each of this.#timers) clearInterval(each)
    this.#report?.stop()
    this.#deadMan?.stop()
    const severity = fields['complete'] === false ? 'critical' : 'warning'
    this.#event('recorder_stopped', severity, `the recorder has stopped: ${reason}`, { reason, ...fields })
    await this.#courier.close(withinMs)
    this.#repeats.tell(true)
  }

  async #look(): Promise<void> {
    this.#deadMan?.tick()
    this.#repeats.tell()
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const status = await this.#options.status()
      const nowMs = performance.now()
      const signals = this.#reader.read(status, nowMs)
      this.#deadMan?.look(reasonsAgainstPing(signals))
      const message = this.#engine.look(signals, nowMs)
      this.#tellFiring()
      if (message !== undefined) this.#send(message)
    } catch (error) {
      const { name, message } = error as Error
      this.#repeats.write('error', { event: 'alert_failed', code: 'FLOW_ALERT_LOOK', reason: `${name}: ${message}` })
    } finally {
      this.#isLooking = false
    }
  }

  #event(name: LifeEvent, severity: Message['severity'], title: string, fields: Message['fields']): void {
    if (this.#off.has(name)) return
    const lines = Object.entries(fields).map(([field, value]) => `${field}: ${value}`)
    this.#send({
      title,
      severity,
      text: [`${name}: ${title}`, ...lines].join('\n'),
      fields: { event: name, ...fields },
    })
  }

  #send({ title, text, severity, fields }: Message): void {
    const { environment } = this.#options
    const about = { environment, version: VERSION, data_folder: this.#options.dataFolder }
    this.#courier.send({ title: `${environment}: ${title}`, text, severity, fields: { ...fields, ...about } })
  }

  #tellFiring(): void {
    const { firing } = this.#engine
    const now = firing.join()
    if (now === this.#toldFiring) return
    this.#toldFiring = now
    this.#repeats.write(firing.length > 0 ? 'warn' : 'info', { event: 'alerts_changed', firing })
  }

  #tellCourier(event: CourierEvent): void {
    const { kind, ...fields } = event
    if (kind === 'sent')
      this.#repeats.write('info', { event: 'alert_sent', ...fields }, undefined, `sent ${event.target}`)
    else {
      const what = kind === 'dropped' ? { code: 'FLOW_ALERT_DROPPED', reason: 'too many wait for it' } : {}
      this.#repeats.write('warn', { event: 'alert_failed', ...what, ...fields }, undefined, `failed ${event.target}`)
    }
  }
}
