/**
 * Time that passes only when told: one queue of what is due, in order of its time and of its making, for the world
 * (exchange and wire) and for the process under test (its timers and its disk).
 *
 * While it is installed, `setTimeout` and `clearTimeout` of this JavaScript process are its own, so that the journal's
 * commits, retries and limits run on it. So one seed at a time in a process. A process that dies takes its timers along:
 * whatever waited on one of them never goes on, as if it had been killed.
 */
import { ManualClock } from '#journal'
import type { Time } from '#ports'

/** Of whom a timer is: those of the process end with it, those of an actor with the actor. */
export type Owner = 'world' | 'process' | Actor

/** A thread or a program beside the recorder's loop: what it waits for is its own, and nothing of it goes on once it is dead. */
export type Actor = { readonly time: Time; isDead: boolean }

export type Timer = { atUs: number; readonly order: number; readonly owner: Owner; run: (() => void) | undefined }

export class VirtualTime {
  readonly clock: ManualClock
  #nowUs = 0
  #order = 0
  #heap: Timer[] = []

  constructor(wallNs: bigint) {
    this.clock = new ManualClock(wallNs)
  }

  /** Monotonic milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowUs / 1000
  }

  /** Unix ms that a well-kept clock would show: the exchange's. */
  get exchangeMs(): number {
    return EXCHANGE_START_MS + Math.floor(this.nowMs)
  }

  after(delayMs: number, owner: Owner, run: () => void): Timer {
    const atUs = this.#nowUs + Math.max(1, Math.round(delayMs * 1000))
    const timer: Timer = { atUs, order: this.#order++, owner, run }
    push(this.#heap, timer)
    return timer
  }

  cancel(timer: Timer): void {
    timer.run = undefined
  }

  sleep(delayMs: number, owner: Owner): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, owner, resolve))
  }

  /** The process is dead: none of its timers fires any more. */
  killProcess(): void {
    this.#heap = this.#heap.filter(({ owner }) => owner !== 'process')
    this.#heap.sort(isBefore)
  }

  /** Somebody who waits by this time, and may die alone. */
  actor(): Actor {
    const actor: Actor = { time: undefined as never, isDead: false }
    const time: Time = {
      nowMs: () => this.nowMs,
      wallMs: () => Number(this.clock.wallNs() / 1_000_000n),
      sleep: (ms, signal) => this.#sleep(actor, ms, signal),
      every: (ms, run) => {
        let timer: Timer
        const again = () => {
          timer = this.after(ms, actor, again)
          run()
        }
        timer = this.after(ms, actor, again)
        return () => this.cancel(timer)
      },
      turn: () => this.#sleep(actor, 0),
    }
    return Object.assign(actor, { time })
  }

  /** None of its timers fires any more, and it gets no new ones. */
  kill(actor: Actor): void {
    actor.isDead = true
  }

  /** Lets time pass up to a moment: everything due, then everything that follows from it without waiting. */
  async runUntil(ms: number): Promise<void> {
    const untilUs = Math.round(ms * 1000)
    for (let next = this.#heap[0]; next !== undefined && next.atUs <= untilUs; next = this.#heap[0]) {
      pop(this.#heap)
      if (next.run === undefined || (typeof next.owner === 'object' && next.owner.isDead)) continue
      this.#advanceTo(next.atUs)
      next.run()
      // What a process waits for are its timers: only after them can a promise of its own be settled.
      if (next.owner !== 'world') await settled()
    }
    this.#advanceTo(untilUs)
  }

  runFor(ms: number): Promise<void> {
    return this.runUntil(this.nowMs + ms)
  }

  /** Puts this time in the place of the JavaScript process's timers; answers what puts them back. */
  install(): () => void {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
    const later = (run: (...args: unknown[]) => void, delayMs = 1, ...args: unknown[]) =>
      this.after(Math.max(1, delayMs), 'process', () => run(...args))
    const clear = (timer: unknown) => {
      if (isTimer(timer)) this.cancel(timer)
      else real.clearTimeout(timer as NodeJS.Timeout)
    }
    globalThis.setTimeout = later as unknown as typeof setTimeout
    globalThis.clearTimeout = clear as typeof clearTimeout
    return () => Object.assign(globalThis, real)
  }

  #sleep(actor: Actor, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        this.cancel(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = this.after(ms, actor, done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }

  #advanceTo(us: number): void {
    if (us <= this.#nowUs) return
    this.clock.advance((us - this.#nowUs) * 1000)
    this.#nowUs = us
  }
}

const EXCHANGE_START_MS = 1_800_000_000_000

/** Resolves when every promise that can be settled without time passing has been. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const isTimer = (value: unknown): value is Timer => typeof value === 'object' && value !== null && 'atUs' in value

const isBefore = (a: Timer, b: Timer): number => a.atUs - b.atUs || a.order - b.order

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length
  heap.push(timer)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (isBefore(heap[parent]!, timer) <= 0) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!) < 0) child++
    if (isBefore(last, heap[child]!) <= 0) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
}
