/**
 * Since when each connection of the recorder has not been one. Each is judged by itself: three that are dead are not made
 * good by a fourth that lives. Pure over the time that it is handed.
 */
import type { ServiceStatus } from '#live'

/** Connections that have not been live for too long. */
export type NotConnected = {
  readonly connections: number
  readonly markets: number
  /** Connections that have markets. */
  readonly of: number
}

type Connection = { markets: number; notLiveSinceMs: number | undefined; downSinceMs: number | undefined }

export class ConnectionWatch {
  readonly #downMsMax: number
  /** By place in the status: the number of a connection changes whenever it is made. */
  readonly #connections = new Map<number, Connection>()

  /**
   * Down for longer than `downMsMax` is too long. For as long after it was live, proving books counts as being connected: the
   * exchange answers. One that is lost again and again while it proves is down all the same.
   */
  constructor(downMsMax: number) {
    this.#downMsMax = downMsMax
  }

  take(connections: ServiceStatus['connections'], nowMs: number): void {
    for (const place of this.#connections.keys()) if (place >= connections.length) this.#connections.delete(place)
    for (const [place, { state, markets }] of connections.entries()) {
      if (markets === 0) {
        this.#connections.delete(place)
        continue
      }
      const held = this.#connections.get(place) ?? { markets, notLiveSinceMs: undefined, downSinceMs: undefined }
      held.markets = markets
      held.notLiveSinceMs = state === 'live' ? undefined : (held.notLiveSinceMs ?? nowMs)
      const isProving = state === 'proving' && nowMs - held.notLiveSinceMs! <= this.#downMsMax
      held.downSinceMs = state === 'live' || isProving ? undefined : (held.downSinceMs ?? nowMs)
      this.#connections.set(place, held)
    }
  }

  /** There are none, or they are meant to be down. */
  clear(): void {
    this.#connections.clear()
  }

  /** For how long the one that is worst off has been down; 0 while none is. */
  downMs(nowMs: number): number {
    let longestMs = 0
    for (const { downSinceMs = nowMs } of this.#connections.values())
      longestMs = Math.max(longestMs, nowMs - downSinceMs)
    return longestMs
  }

  /** Those that are down for too long. */
  overdue(nowMs: number): NotConnected {
    let connections = 0
    let markets = 0
    for (const { downSinceMs = nowMs, markets: its } of this.#connections.values()) {
      if (nowMs - downSinceMs <= this.#downMsMax) continue
      connections++
      markets += its
    }
    return { connections, markets, of: this.#connections.size }
  }
}
