/**
 * What is said over the control socket: one JSON object a line, each request answered by one line with its id.
 * Only this machine's owner can connect (the socket's mode is 0600).
 */
import type { BookView } from '#live'
import type { RecorderStatus } from '../recorder/status.ts'

export type ControlRequest =
  | { readonly ask: 'status' }
  /** All markets, or those named. */
  | { readonly ask: 'books'; readonly markets?: readonly string[] }
  | { readonly ask: 'subscribe' | 'unsubscribe' | 'resync'; readonly markets: readonly string[] }
  /** Answers when everything received so far is on disk. */
  | { readonly ask: 'flush' }
  | { readonly ask: 'stop' }

export type ControlAnswers = {
  readonly status: RecorderStatus
  readonly books: { readonly books: readonly BookView[]; readonly unknown: readonly string[] }
  readonly subscribe: { readonly left: readonly string[] }
  readonly unsubscribe: Record<string, never>
  readonly resync: Record<string, never>
  readonly flush: { readonly durable: string }
  readonly stop: Record<string, never>
}

export type ControlFailure = { readonly code: string; readonly message: string }

/** Longest line either side takes. Books of 10,000 markets are some tens of MB. */
export const LINE_BYTES_MAX = 256 * 1024 * 1024
export const REQUEST_BYTES_MAX = 4 * 1024 * 1024

/** Where the socket is: in the data folder, or, where that path is too long for a socket, named in a file there. */
export const SOCKET_NAME = 'control.sock'
export const POINTER_NAME = 'control'
/** 104 bytes on macOS, 108 on Linux, the closing zero included. */
export const SOCKET_PATH_BYTES_MAX = 103
