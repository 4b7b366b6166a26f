/**
 * S5: how often each link knocks at the exchange, counted from outside: how long it stayed away after a connection ended
 * or a handshake was refused, and whether it stays away longer when nothing comes of it.
 */
import type { LostCause } from '#domain'
import type { Verdicts } from './invariants.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { Refusal } from './wire.ts'

/** With the backoff reset by each success: a connection that is cut every second stays below this. */
export const CONNECTS_PER_MINUTE_MAX = 60
/** Before any attempt but the first. */
export const WAIT_MS_MIN = 100
/** After a 429 that does not say how long. */
export const TOO_MANY_MS_MIN = 5_000
/**
 * So many waits in a row, none after a 429 and no books whole between them, take at least so long together. With the
 * ceilings of an exponential backoff, less is a chance of one in a hundred million; one that does not grow stays below.
 */
export const VAIN_WAITS = 9
export const VAIN_WAITS_MS_MIN = 3_000

type Door = { endedMs: number | undefined; refusal: Refusal | undefined; vainMs: number[] }

export class Knocks {
  /** The most seen, for the report. */
  mostPerMinute = 0
  readonly #time: VirtualTime
  readonly #verdicts: Verdicts
  #doors = new Map<object, Door>()
  #knocksMs: number[] = []

  constructor(time: VirtualTime, verdicts: Verdicts) {
    this.#time = time
    this.#verdicts = verdicts
  }

  forget(): void {
    this.#doors.clear()
    this.#knocksMs = []
  }

  ended(link: object, cause: LostCause, refusal: Refusal | undefined): void {
    const door = this.#doorOf(link)
    // After our own backpressure it is the room in the journal that is waited for.
    door.endedMs = cause === 'own_backpressure' || cause === 'stopped' ? undefined : this.#time.nowMs
    door.refusal = refusal
  }

  /** The books of the link are whole: its backoff begins anew. */
  whole(link: object): void {
    this.#doorOf(link).vainMs = []
  }

  connecting(link: object, links: number): void {
    const { nowMs } = this.#time
    this.#knocksMs = [...this.#knocksMs.filter((each) => nowMs - each < 60_000), nowMs]
    this.mostPerMinute = Math.max(this.mostPerMinute, this.#knocksMs.length)
    if (this.#knocksMs.length > CONNECTS_PER_MINUTE_MAX * links) {
      this.#verdicts.broken('S5', `${this.#knocksMs.length} connects within a minute`)
    }
    const door = this.#doorOf(link)
    if (door.endedMs !== undefined) this.#waited(door, nowMs - door.endedMs)
    door.endedMs = undefined
  }

  #waited(door: Door, waitMs: number): void {
    const isTooMany = door.refusal?.status === 429
    const needed = isTooMany ? (door.refusal?.retryAfterMs ?? TOO_MANY_MS_MIN) : 0
    if (waitMs < Math.max(needed, WAIT_MS_MIN)) {
      this.#verdicts.broken('S5', `a connect ${waitMs} ms after ${door.refusal?.detail ?? 'the end of a connection'}`)
    }
    if (isTooMany) {
      door.vainMs = []
      return
    }
    door.vainMs.push(waitMs)
    const last = door.vainMs.slice(-VAIN_WAITS)
    const sum = last.reduce((total, each) => total + each, 0)
    if (last.length < VAIN_WAITS || sum >= VAIN_WAITS_MS_MIN) return
    this.#verdicts.broken('S5', `${VAIN_WAITS} connects in vain within ${sum} ms of waiting`)
  }

  #doorOf(link: object): Door {
    const door = this.#doors.get(link) ?? { endedMs: undefined, refusal: undefined, vainMs: [] }
    this.#doors.set(link, door)
    return door
  }
}
