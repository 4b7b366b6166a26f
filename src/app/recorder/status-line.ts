/**
 * What a person sees while recording: one line in place on a terminal, with log lines scrolling above it; elsewhere a log
 * line of the same figures every ten seconds.
 */
import { styleText } from 'node:util'
import type { StoreWorkerStatus } from '#store'
import type { Log, LogDestination } from '../log/log.ts'
import type { Recorder } from './recorder.ts'
import { marketsOf } from './status.ts'

export type Terminal = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown }

const DRAW_MS = 250
const TELL_MS = 10_000
const CLEAR = '\r\u001b[2K'

export class StatusLine implements LogDestination {
  readonly #terminal: Terminal
  readonly #colour: boolean
  #text = ''
  #timer: NodeJS.Timeout | undefined

  /** `colour`: whether the terminal may be coloured. */
  constructor(terminal: Terminal, colour: boolean) {
    this.#terminal = terminal
    this.#colour = colour
  }

  /** Writes a log line above the status line. */
  write(line: string): void {
    if (this.#text === '') this.#terminal.write(line)
    else this.#terminal.write(`${CLEAR}${line}${this.#text}`)
  }

  start(recorder: Recorder, environment: string, log: Log, store: () => StoreWorkerStatus | undefined): void {
    const isTerminal = this.#terminal.isTTY === true
    this.#timer = setInterval(
      () => {
        if (isTerminal) this.#draw(recorder, environment, store())
        else log.info({ event: 'recording', ...figuresOf(recorder), ...storeFiguresOf(store()) })
      },
      isTerminal ? DRAW_MS : TELL_MS,
    )
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    if (this.#text !== '') this.#terminal.write(`${CLEAR}`)
    this.#text = ''
  }

  #draw(recorder: Recorder, environment: string, store: StoreWorkerStatus | undefined): void {
    const plain = describe(recorder, environment, store).slice(0, (this.#terminal.columns ?? 100) - 1)
    const { valid, asked } = marketsOf(recorder)
    this.#text = this.#colour
      ? styleText(valid === asked ? 'green' : 'yellow', plain, { validateStream: false })
      : plain
    this.#terminal.write(`${CLEAR}${this.#text}`)
  }
}

/** `1:05:12 · sim · 6/6 books valid · 41 frames/s · 12,304 frames · 0 breaks · commit p99 7.1 ms · 3.2 MB` */
function describe(recorder: Recorder, environment: string, store: StoreWorkerStatus | undefined): string {
  const { valid, asked, inDoubt, framesPerSecond, frames, breaks, lost, commitP99Ms, megabytes, seconds } =
    figuresOf(recorder)
  const parts = [
    clock(seconds),
    environment,
    `${valid}/${asked} books valid`,
    ...(inDoubt > 0 ? [`${inDoubt} in doubt`] : []),
    `${framesPerSecond.toLocaleString('en-US')} frames/s`,
    `${frames.toLocaleString('en-US')} frames`,
    `${breaks} breaks`,
    ...(lost > 0 ? [`${lost} lost`] : []),
    `commit p99 ${commitP99Ms} ms`,
    `${megabytes} MB`,
    ...(store === undefined
      ? []
      : [
          `stored ${store.rows.toLocaleString('en-US')} rows${store.behindMs > 1000 ? `, ${Math.round(store.behindMs / 1000)} s behind` : ''}`,
        ]),
  ]
  return parts.join(' · ')
}

function storeFiguresOf(store: StoreWorkerStatus | undefined) {
  if (store === undefined) return {}
  return { storedRows: store.rows, storeState: store.state, storeBehindMs: Math.round(store.behindMs) }
}

function figuresOf(recorder: Recorder) {
  const { valid, asked, in_doubt } = marketsOf(recorder)
  const { bytes, commitMs } = recorder.journal.metrics()
  return {
    valid,
    asked,
    inDoubt: in_doubt,
    framesPerSecond: recorder.rates.framesPerSecond,
    frames: recorder.fold.counts.frames,
    breaks: recorder.fold.counts.breaks,
    lost: recorder.connectionsLost,
    commitP99Ms: Math.round(commitMs.p99 * 10) / 10,
    megabytes: Math.round(bytes / 1e5) / 10,
    seconds: Math.round(recorder.upMs / 1000),
  }
}

const clock = (seconds: number): string => {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
}
