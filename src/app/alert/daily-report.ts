/**
 * Has yesterday's report sent, once a day at its time: by a process of its own, since reading a day of journal takes minutes of
 * a core and must not take them from the recorder. What it says beyond its exit code is nobody's here.
 */
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import type { TimeOfDay } from '../config/config-fields.ts'
import type { Log } from '../log/log.ts'

/** A report that takes longer is ended. */
export const REPORT_MS_MAX = 30 * 60_000
const LINES_LENGTH_MAX = 500

/** The day and the minute of the day somewhere. */
export function localTime(unixMs: number, zone: string): { readonly day: string; readonly minutes: number } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(unixMs)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
  return {
    day: `${part('year')}-${part('month')}-${part('day')}`,
    minutes: Number(part('hour')) * 60 + Number(part('minute')),
  }
}

export type DailyReportOptions = {
  readonly at: TimeOfDay
  /** The program and its words. */
  readonly command: readonly [program: string, ...words: string[]]
  readonly log: Log
}

export class DailyReport {
  readonly #options: DailyReportOptions
  /** The day on which it is done, or was begun too late. */
  #doneDay: string
  #ending: AbortController | undefined

  constructor(options: DailyReportOptions, unixMs: number) {
    this.#options = options
    const { day, minutes } = localTime(unixMs, options.at.zone)
    // Begun after today's time: tomorrow is the first. A restart must not send it twice.
    this.#doneDay = minutes >= options.at.minutes ? day : ''
  }

  /** To be called now and then, at least once a minute. Answers whether a report was begun. */
  tick(unixMs: number): boolean {
    const { at } = this.#options
    const { day, minutes } = localTime(unixMs, at.zone)
    if (day === this.#doneDay || minutes < at.minutes || this.#ending !== undefined) return false
    this.#doneDay = day
    this.#run()
    return true
  }

  stop(): void {
    this.#ending?.abort()
  }

  #run(): void {
    const { command, log } = this.#options
    const [program, ...words] = command
    const ending = new AbortController()
    this.#ending = ending
    const child = spawn(program, words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([ending.signal, AbortSignal.timeout(REPORT_MS_MAX)]),
    })
    if (child.pid !== undefined) lowerPriority(child.pid)
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-LINES_LENGTH_MAX)
    })
    child.on('error', (error) => {
      this.#ending = undefined
      if (!ending.signal.aborted) log.warn({ event: 'report_failed', reason: error.message })
    })
    child.on('close', (code, signal) => {
      this.#ending = undefined
      if (ending.signal.aborted) return
      // 1 says that the day was not clean: the report says so itself, and was sent.
      if (code === 0 || code === 1) log.info({ event: 'report_sent', isClean: code === 0 })
      else log.warn({ event: 'report_failed', code, reason: said.trim() || `ended by ${signal}` })
    })
  }
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended, or the system does not allow it.
  }
}

/**
 * `kalshiflow report --send` of a data folder, by the same program that runs here. Of the words for Node only those that say
 * where its files are: a launcher's own watch over its child would end a grandchild at once.
 */
export function reportCommand(
  dataFolder: string,
  profile: string | undefined,
  { execPath, execArgv, argv }: Pick<NodeJS.Process, 'execPath' | 'execArgv' | 'argv'> = process,
): [string, ...string[]] {
  const conditions = execArgv.filter((each) => each.startsWith('--conditions='))
  const words = ['report', '--send', '--data', dataFolder]
  return [execPath, ...conditions, argv[1] ?? '', ...words, ...(profile === undefined ? [] : ['--profile', profile])]
}
