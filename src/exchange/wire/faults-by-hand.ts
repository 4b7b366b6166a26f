/** Faults that somebody sets off while the exchange runs: cut, stalled, half-open, out of order. */
import type { WebSocket } from 'ws'
import type { Connection } from './connection.ts'
import type { FrameFault, FrameFaults } from './frame-faults.ts'
import type { ErrorCode } from './protocol.ts'

/** How a connection is cut: the socket destroyed, or a close frame with this code. */
export type Cut = 'terminate' | { readonly code: number; readonly reason?: string }

/** Those that name a connection answer false when it is not open. */
export type ExchangeFaults = {
  /** Plans a fault of one frame that is still to come. */
  planFrame(fault: FrameFault): void
  cut(connection: number, how: Cut): boolean
  /** Stops sending, pings too, until {@link ExchangeFaults.resume}. What is held back is sent then. */
  stall(connection: number): boolean
  resume(connection: number): boolean
  /** Sends and hears nothing from now on, while the socket stays open. */
  halfOpen(connection: number): boolean
  /** An error of a sid; 10 and 25 are terminal. */
  sendError(connection: number, sid: number, code: ErrorCode): boolean
  /** Any text as a frame, for replies nobody knows. */
  sendRaw(connection: number, text: string): boolean
  /** The next `count` commands of the connection are answered together, the last one first. */
  delayReplies(connection: number, count: number): boolean
  /** The next `count` handshakes are answered with this HTTP status. */
  refuseHandshakes(count: number, status: number): void
  /** Takes every `use_yes_price` for its opposite. */
  flipOrientation(flipped: boolean): void
}

/** Set by hand or by a plan, read by the server. */
export type FaultSwitches = {
  isFlipped: boolean
  refusals: { count: number; status: number }
  /** So many handshakes and REST requests are still answered 429. */
  tooMany: number
  /** Unix ms of this machine's clock; `undefined` while the exchange is open. */
  maintenanceUntilMs: number | undefined
  /** How far the exchange's wall clock is off now, beside `clockOffsetMs`. */
  skewMs: number
}

export const allOff = (): FaultSwitches => ({
  isFlipped: false,
  refusals: { count: 0, status: 503 },
  tooMany: 0,
  maintenanceUntilMs: undefined,
  skewMs: 0,
})

export type OpenConnections = ReadonlyMap<number, { readonly connection: Connection; readonly socket: WebSocket }>

export function openFaults(open: OpenConnections, frameFaults: FrameFaults, switches: FaultSwitches): ExchangeFaults {
  const on = (id: number, act: (connection: Connection, socket: WebSocket) => unknown): boolean => {
    const found = open.get(id)
    return found !== undefined && act(found.connection, found.socket) !== false
  }
  return {
    planFrame: (fault) => frameFaults.plan(fault),
    cut: (id, how) =>
      on(id, (connection, socket) => {
        connection.flush()
        if (how === 'terminate') socket.terminate()
        else socket.close(how.code, how.reason)
      }),
    stall: (id) => on(id, (connection) => connection.stall()),
    resume: (id) => on(id, (connection) => connection.resume()),
    halfOpen: (id) => on(id, (connection) => connection.halfOpen()),
    sendError: (id, sid, code) => on(id, (connection) => connection.sendError(sid, code)),
    sendRaw: (id, text) => on(id, (connection) => connection.sendRaw(text)),
    delayReplies: (id, count) => on(id, (connection) => connection.delayReplies(count)),
    refuseHandshakes: (count, status) => {
      switches.refusals = { count, status }
    },
    flipOrientation: (flipped) => {
      switches.isFlipped = flipped
    },
  }
}
