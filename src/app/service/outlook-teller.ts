/** Tells how long the disk will do: what is expected when recording begins, and what was measured some minutes later. */
import type { Log } from '../log/log.ts'
import type { Recorder } from '../recorder/recorder.ts'
import type { RecorderStore } from '../store/recorder-store.ts'
import type { DiskWatch } from './disk-watch.ts'
import { ASSUMED_FRAMES_PER_MARKET, expected, type Kept, type Measure, measured, type Outlook } from './outlook.ts'
import { tellOutlook } from './tell-bounds.ts'

/** Long enough for a rate that means something, and the snapshots of the start are left out. */
export const MEASURE_AFTER_MS = 5 * 60_000
const SETTLE_MS = 10_000
/** Afterwards it is measured over and over for whoever looks; told only once. */
const MEASURE_EVERY_MS = 5 * 60_000

export type OutlookParts = {
  readonly recorder: Recorder
  readonly store: () => RecorderStore | undefined
  readonly disk: DiskWatch
  readonly kept: Kept
  readonly log: Log
  /** For tests. */
  readonly measureAfterMs?: number
}

export class OutlookTeller {
  readonly #parts: OutlookParts
  readonly #timers: NodeJS.Timeout[] = []
  #from: Measure | undefined
  #current: Outlook | undefined

  constructor(parts: OutlookParts) {
    this.#parts = parts
  }

  get current(): Outlook | undefined {
    return this.#current
  }

  /** `framesPerSecond`: where it is known; else so many a market are assumed. */
  start(markets: number, framesPerSecond?: number): void {
    const { disk, kept, log, measureAfterMs = MEASURE_AFTER_MS } = this.#parts
    this.#current = expected(framesPerSecond ?? markets * ASSUMED_FRAMES_PER_MARKET, kept)
    const note =
      framesPerSecond === undefined ? ` (assumed: ${ASSUMED_FRAMES_PER_MARKET} frames a second and market)` : ''
    tellOutlook(log, this.#current, disk.figures.freeBytes, note)
    this.#after(Math.min(SETTLE_MS, measureAfterMs / 2), () => {
      this.#from = this.#measure()
    })
    this.#after(measureAfterMs, () => {
      this.#look()
      if (this.#current !== undefined) tellOutlook(log, this.#current, disk.figures.freeBytes, '')
      this.#timers.push(setInterval(() => this.#look(), MEASURE_EVERY_MS).unref())
    })
  }

  stop(): void {
    for (const each of this.#timers) clearInterval(each)
  }

  #look(): void {
    const now = this.#measure()
    if (this.#from !== undefined) this.#current = measured(this.#from, now, this.#parts.kept) ?? this.#current
    this.#from = now
  }

  #measure(): Measure {
    const { recorder, store } = this.#parts
    const { bytes } = recorder.journal.metrics()
    const rows = store()?.summary().rows ?? 0
    return { atMs: performance.now(), frames: recorder.fold.counts.frames, journalBytes: bytes, rows }
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms).unref())
  }
}
