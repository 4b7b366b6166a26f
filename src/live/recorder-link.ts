/**
 * What a copy of the books needs to hear of the recorder whose journal it reads. `src/live/control` has the one that
 * asks the control socket.
 */
import type { Position } from '#domain'
import type { RecorderIdentity } from './control/control-protocol.ts'

/** `looking`: nobody knows yet, or the recorder does not answer. `gone`: no recorder runs there. */
export type LinkState = 'looking' | 'following' | 'gone'

export type RecorderHead = {
  readonly head: Position
  /** A reader goes no further. */
  readonly durable: Position
  /** Receive time of the newest frame, Unix ms; 0 before the first. */
  readonly headMs: number
  /** For how long something has waited behind `durable` when this was said; `undefined` when nothing did. */
  readonly waitingMs: number | undefined
}

export interface RecorderLink {
  readonly state: LinkState
  /** Of the recorder followed last; `undefined` before the first. */
  readonly identity: RecorderIdentity | undefined
  readonly head: RecorderHead | undefined
  /** Milliseconds since the recorder was heard last; infinite before the first word. */
  readonly silentMs: number
  /** Called whenever anything above has changed but the silence. Answers how to stop listening. */
  listen(listener: () => void): () => void
  /** Stops looking. */
  close(): void
}
