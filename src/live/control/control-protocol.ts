/**
 * What is said over the control socket: one JSON object a line, each request answered by one line with its id. After a
 * `follow` the connection carries {@link FollowLine}s until the recorder ends; nothing more is asked on it.
 * Only this machine's owner can connect (the socket's mode is 0600).
 */
import type { Environment } from '#domain'
import type { BookView } from '../book-view.ts'
import type { Paused, ServiceStatus } from './recorder-status.ts'

export type ControlRequest =
  | { readonly ask: 'status' }
  /** All markets, or those named. */
  | { readonly ask: 'books'; readonly markets?: readonly string[] }
  | { readonly ask: 'subscribe' | 'unsubscribe' | 'resync'; readonly markets: readonly string[] }
  /** Answers when everything received so far is on disk. */
  | { readonly ask: 'flush' }
  /** Lets the connections go, and makes them again. Asked twice, nothing more happens. */
  | { readonly ask: 'pause'; readonly by?: string }
  | { readonly ask: 'resume' }
  | { readonly ask: 'follow' }
  | { readonly ask: 'stop' }

export type ControlAnswers = {
  readonly status: ServiceStatus
  readonly books: { readonly books: readonly BookView[]; readonly unknown: readonly string[] }
  readonly subscribe: { readonly left: readonly string[] }
  readonly unsubscribe: Record<string, never>
  readonly resync: Record<string, never>
  readonly flush: { readonly durable: string }
  readonly pause: { readonly paused: Paused | null }
  readonly resume: { readonly paused: Paused | null }
  readonly follow: RecorderIdentity
  readonly stop: Record<string, never>
}

export type ControlFailure = { readonly code: string; readonly message: string }

/** Whom a follower follows: the first line of a `follow`. */
export type RecorderIdentity = {
  readonly environment: Environment
  readonly version: string
  readonly pid: number
  readonly session: string
  readonly journal: string
}

/** How far the recorder is: a line for each durable move, at most one in {@link FOLLOW_LINE_MS_MIN}, and a heartbeat. */
export type FollowLine = {
  /** Where the next record will stand. */
  readonly head: string
  /** A follower reads no further. */
  readonly durable: string
  /** Receive time of the newest frame, Unix ms with fraction; 0 before the first. */
  readonly head_ms: number
  /**
   * For how long the oldest record has waited that is not durable yet, those included that the journal has no room for;
   * absent while none waits.
   */
  readonly waiting_ms?: number
  /** The last line: the recorder ends, and this is everything. */
  readonly ended?: true
}

export const FOLLOW_LINE_MS_MIN = 5
export const FOLLOW_HEARTBEAT_MS = 1_000

/** Longest line either side takes. Books of 10,000 markets are some tens of MB. */
export const LINE_BYTES_MAX = 256 * 1024 * 1024
export const REQUEST_BYTES_MAX = 4 * 1024 * 1024

/** Where the socket is: in the data folder, or, where that path is too long for a socket, named in a file there. */
export const SOCKET_NAME = 'control.sock'
export const POINTER_NAME = 'control'
/** 104 bytes on macOS, 108 on Linux, the closing zero included. */
export const SOCKET_PATH_BYTES_MAX = 103
