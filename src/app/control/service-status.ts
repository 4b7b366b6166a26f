/** The recorder's status with its process, disk and store: gathered when it is asked for, off the way of frames. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FreeSpace } from '#feed'
import type { AlertSummary, ArchiveStatus, ServiceStatus, StoreSummary, ThreadSummary } from '#live'
import type { Recorder } from '../recorder/recorder.ts'
import { statusOf } from '../recorder/status.ts'
import { freeSpaceOf } from '../service/disk-watch.ts'
import { daysLeft, type Outlook } from '../service/outlook.ts'

/** How often the loop is looked at. */
const RESOLUTION_MS = 10
/** Delays older than this are forgotten, by starting the figures anew. */
const WINDOW_MS = 60_000
/** A disk that hangs is just what a status is asked for: its last figures are told then. */
const DISK_MS_MAX = 500

export type StatusParts = {
  readonly recorder: Recorder
  /** How the store beside the recorder is; absent when nothing is to be stored. */
  readonly store?: () => StoreSummary
  readonly threads?: () => Readonly<Record<string, ThreadSummary>>
  readonly alerts?: () => AlertSummary | undefined
  /** What the disk will be asked for. */
  readonly outlook?: () => Outlook | undefined
  readonly archive?: () => ArchiveStatus | undefined
  /** For tests. */
  readonly freeSpace?: (folder: string) => Promise<FreeSpace>
}

export class ServiceStatusSource {
  readonly #recorder: Recorder
  readonly #store: StatusParts['store']
  readonly #threads: StatusParts['threads']
  readonly #outlook: StatusParts['outlook']
  readonly #archive: StatusParts['archive']
  readonly #alerts: StatusParts['alerts']
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #freeSpace: NonNullable<StatusParts['freeSpace']>
  readonly #timer: NodeJS.Timeout
  #free: FreeSpace
  #asking: Promise<void> | undefined

  constructor({ recorder, store, threads, outlook, archive, alerts, freeSpace = freeSpaceOf }: StatusParts) {
    this.#freeSpace = freeSpace
    this.#recorder = recorder
    this.#store = store
    this.#threads = threads
    this.#outlook = outlook
    this.#archive = archive
    this.#alerts = alerts
    this.#delay.enable()
    this.#timer = setInterval(() => this.#delay.reset(), WINDOW_MS)
    this.#timer.unref()
  }

  async status(): Promise<ServiceStatus> {
    const { rss, heapUsed } = process.memoryUsage()
    return {
      ...statusOf(this.#recorder),
      event_loop_delay_ms: {
        p50: lateMs(this.#delay.percentile(50)),
        p99: lateMs(this.#delay.percentile(99)),
        max: lateMs(this.#delay.max),
      },
      memory: { rss_bytes: rss, heap_bytes: heapUsed },
      disk: await this.#disk(),
      archive: this.#archive?.() ?? null,
      store: this.#store?.() ?? null,
      threads: this.#threads?.() ?? {},
      alerts: this.#alerts?.() ?? null,
    }
  }

  async #disk(): Promise<ServiceStatus['disk']> {
    const free = await this.#lookAtFree()
    const full = this.#recorder.cutOff !== undefined
    if (free === undefined) return full ? { free_bytes: 0, total_bytes: 0, days_left: null, full } : null
    const { freeBytes, totalBytes } = free
    const outlook = this.#outlook?.()
    const days = outlook === undefined ? undefined : daysLeft(freeBytes, outlook)
    return { free_bytes: freeBytes, total_bytes: totalBytes, days_left: roundedDays(days), full }
  }

  async #lookAtFree(): Promise<FreeSpace> {
    this.#asking ??= this.#freeSpace(this.#recorder.dataFolder).then((free) => {
      this.#free = free
      this.#asking = undefined
    })
    await Promise.race([this.#asking, sleep(DISK_MS_MAX, undefined, { ref: false })])
    return this.#free
  }

  close(): void {
    clearInterval(this.#timer)
    this.#delay.disable()
  }
}

/** The histogram holds the whole time between two looks, the interval itself included. 0 before the first. */
const lateMs = (ns: number): number => Math.max(0, Math.round((ns / 1e6 - RESOLUTION_MS) * 100) / 100)

const roundedDays = (days: number | undefined): number | null =>
  days === undefined ? null : Math.round(days * 100) / 100
