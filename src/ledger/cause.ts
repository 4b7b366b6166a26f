/**
 * Why nothing is known of a book for a while, and at whose door that lies. The one list of causes: rows, answers, commands
 * and alarms name them alike. docs/gaps.md explains each.
 *
 * Our own drops are never the exchange's: a cause names what happened, and `blame` says who brought it about.
 */
import type { GapBody, LostCause } from '#domain'
import type { DoubtCause } from '#feed'

/**
 *   exchange   the exchange, or the way to it: what it sent was incomplete, wrong or nothing
 *   own        this program, its process, its machine or its disk
 *   operator   somebody asked for it
 */
export type Blame = 'exchange' | 'own' | 'operator'

export type HoleCause =
  | Exclude<DoubtCause, 'connection_lost' | 'behind' | 'audit_pending'>
  | LostCause
  | GapBody['cause']

type Told = { readonly blame: Blame; readonly words: string }

const CAUSES: Readonly<Record<HoleCause, Told>> = {
  sequence_break: { blame: 'exchange', words: 'numbers of a subscription were skipped' },
  disconnect: { blame: 'exchange', words: 'the connection was closed or broke' },
  ping_silence: { blame: 'exchange', words: 'the exchange fell silent: no ping, no frame' },
  refused: { blame: 'exchange', words: 'the exchange refused the connection' },
  subscribe_timeout: { blame: 'exchange', words: 'a subscription was not answered' },
  resync_timeout: { blame: 'exchange', words: 'a book asked for again did not come' },
  snapshot_timeout: { blame: 'exchange', words: 'a snapshot did not come' },
  no_snapshot: { blame: 'exchange', words: 'no snapshot came' },
  terminal_error: { blame: 'exchange', words: 'the exchange ended the subscription with an error' },
  maintenance: { blame: 'exchange', words: 'the exchange’s announced pause' },
  malformed: { blame: 'exchange', words: 'a frame could not be read' },
  negative_size: { blame: 'exchange', words: 'a change took more than there was: something was missed' },
  crossed: { blame: 'exchange', words: 'the book stayed crossed: something was missed' },
  audit_mismatch: { blame: 'exchange', words: 'the exchange’s own snapshot was another book than ours' },
  wire_changed: { blame: 'exchange', words: 'many fresh books were wrong in the same way: the wire has changed' },
  orientation: { blame: 'exchange', words: 'NO levels were sent the other way round than asked for' },
  unsubscribed: { blame: 'exchange', words: 'the exchange ended the subscription' },
  unknown_market: { blame: 'exchange', words: 'the exchange no longer knows the market' },
  own_backpressure: { blame: 'own', words: 'our disk could not keep up, and we let the connection go' },
  disk_full: { blame: 'own', words: 'our disk was full' },
  process_down: { blame: 'own', words: 'the recorder was not running' },
  message_age: { blame: 'own', words: 'messages came ever later, and we replaced the connection' },
  journal_damage: { blame: 'own', words: 'a piece of the journal cannot be read' },
  dropped: { blame: 'own', words: 'the market found no place on a connection' },
  admin: { blame: 'operator', words: 'an operator asked for the book again' },
  recording_paused: { blame: 'operator', words: 'an operator paused the recording' },
  recording_stopped: { blame: 'operator', words: 'the recorder was stopped' },
  paused: { blame: 'operator', words: 'an operator paused the recording' },
  stopped: { blame: 'operator', words: 'the recorder was stopped' },
}

/** Every name, for help texts and checks. */
export const HOLE_CAUSES = (Object.keys(CAUSES) as HoleCause[]).filter(
  // Connections end by these names; the holes that they leave have longer ones.
  (each) => each !== 'paused' && each !== 'stopped',
)

/** Whose doing it was; a cause that a later version wrote is nobody's we know, and counts as our own. */
export const blameOf = (cause: string): Blame => CAUSES[cause as HoleCause]?.blame ?? 'own'

/** One clause for people. */
export const wordsOf = (cause: string): string =>
  CAUSES[cause as HoleCause]?.words ?? 'a cause that this version does not know'

/** The losses that a pause of the exchange explains: it closed, refused or fell silent. Nothing of ours is among them. */
const PAUSE_EXPLAINS: ReadonlySet<string> = new Set([
  'disconnect',
  'ping_silence',
  'refused',
  'subscribe_timeout',
  'resync_timeout',
])

export const isExplainedByPause = (cause: string): boolean => PAUSE_EXPLAINS.has(cause)
