/**
 * Whether the disk has room for frames. When it has none the journal takes no frames until there is, and books live on from
 * the sockets alone: the one exception to "no frame reaches a book without the journal". Pure; is handed figures and time.
 *
 *   room ──less than the reserve free, or writes find no room for FULL_AFTER_MS──► full
 *   full ──half as much again as the reserve free, what waited is written, a while has passed──► room
 *
 * The reserve stays for what must still be written then: what is buffered, the end of the run, and PostgreSQL's log.
 */
import { BUFFER_SHARE_MAX } from './backpressure.ts'

/** So long a write may find no room before it counts: a retry comes after some milliseconds, and the buffer takes frames. */
export const FULL_AFTER_MS = 500
/** No more than this share of the disk is kept in reserve: a small disk would else never be used. */
export const RESERVE_SHARE_MAX = 1 / 20
/** Room again is that many times the reserve: between the two nothing changes. */
export const ROOM_AGAIN = 1.5
/** Full lasts at least so long, and longer each time it comes back soon: each return costs a snapshot of every market. */
export const FULL_MS_MIN = 1_000
export const FULL_MS_MIN_MAX = 300_000
/** A disk that had room for so long begins again with the shortest. */
export const CALM_MS = 600_000

/** What is known of the disk; `undefined` where the system does not say. */
export type FreeSpace = { readonly freeBytes: number; readonly totalBytes: number } | undefined

export type RoomChange = 'full' | 'room' | undefined

export class DiskRoom {
  readonly #reserveBytes: number
  readonly #bufferBytes: number
  #isFull = false
  #sinceMs = Number.NEGATIVE_INFINITY
  /** Writes have found no room since. */
  #refusedMs: number | undefined
  #leastMs = FULL_MS_MIN

  /** `reserveBytes`: what is kept free; `bufferBytes`: what the journal's buffer takes at most. */
  constructor(reserveBytes: number, bufferBytes: number) {
    this.#reserveBytes = reserveBytes
    this.#bufferBytes = bufferBytes
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** A write found no room on the disk. */
  refused(nowMs: number): void {
    this.#refusedMs ??= nowMs
  }

  /** A write found room again. */
  written(): void {
    this.#refusedMs = undefined
  }

  /** What is kept free of a disk of that size, in bytes. */
  reserveOf(totalBytes: number): number {
    return Math.min(this.#reserveBytes, totalBytes * RESERVE_SHARE_MAX)
  }

  /** To be asked several times a second. Answers what changes now. */
  look(free: FreeSpace, bufferedBytes: number, nowMs: number): RoomChange {
    const reserve = free === undefined ? 0 : this.reserveOf(free.totalBytes)
    if (!this.#isFull) {
      const refusedMs = this.#refusedMs === undefined ? -1 : nowMs - this.#refusedMs
      const isOut = refusedMs >= FULL_AFTER_MS || (refusedMs >= 0 && bufferedBytes > this.#bufferBytes / 2)
      return isOut || (free !== undefined && free.freeBytes < reserve) ? this.#filled(nowMs) : undefined
    }
    const isSettled = this.#refusedMs === undefined && bufferedBytes <= this.#bufferBytes * BUFFER_SHARE_MAX
    const hasRoom = free === undefined || free.freeBytes >= reserve * ROOM_AGAIN
    if (!isSettled || !hasRoom || nowMs - this.#sinceMs < this.#leastMs) return undefined
    this.#isFull = false
    this.#sinceMs = nowMs
    return 'room'
  }

  #filled(nowMs: number): RoomChange {
    this.#leastMs = nowMs - this.#sinceMs > CALM_MS ? FULL_MS_MIN : Math.min(FULL_MS_MIN_MAX, this.#leastMs * 2)
    this.#isFull = true
    this.#sinceMs = nowMs
    return 'full'
  }
}
