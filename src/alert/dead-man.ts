/**
 * When the dead-man may be told that all is well. Pure: gives the reasons against it, one for each condition; none of them is
 * weighed against another. A service that hears nothing for its grace time then calls a person, also when this machine is dead.
 *
 * "Frames are durable": the journal takes writes, nothing has been waiting for the disk for longer than
 * {@link UNDURABLE_MS_MAX}, the disk is not full, and sockets are read. "Books are proven": markets are asked for, every connection that
 * holds some is open (an open one's pings are heard: a session gives up a silent one by itself), the wire means what it should,
 * and of the books that the exchange knows no more than {@link DOUBT_SHARE_MAX} are in doubt. Quiet markets are no reason.
 */
import type { Signals } from './signals.ts'

export const UNDURABLE_MS_MAX = 10_000
/** A book asked for again is in doubt for a second: of a hundred books some may be, and always one. */
export const DOUBT_SHARE_MAX = 0.05

export type Withheld =
  | 'paused'
  | 'stopping'
  | 'journal_failed'
  | 'journal_failing'
  | 'not_durable'
  | 'disk_full'
  | 'backpressure'
  | 'nothing_asked'
  | 'not_connected'
  | 'orientation_wrong'
  | 'wire_changed'
  | 'books_in_doubt'

export function reasonsAgainstPing(signals: Signals): Withheld[] {
  const { journal, disk, markets } = signals
  const known = markets.asked - markets.unknown
  const conditions: readonly (readonly [Withheld, boolean])[] = [
    ['paused', signals.pausedBy !== undefined],
    ['stopping', signals.isStopping],
    ['journal_failed', journal.failed !== undefined],
    ['journal_failing', journal.isFailing],
    ['not_durable', journal.undurableMs > UNDURABLE_MS_MAX],
    ['disk_full', disk.isFull],
    ['backpressure', journal.backpressure !== 'flowing'],
    ['nothing_asked', known <= 0],
    ['not_connected', signals.connections === 0 || signals.connectionsDown > 0],
    ['orientation_wrong', signals.orientationWrong > 0],
    ['wire_changed', signals.wireChanged !== undefined],
    ['books_in_doubt', markets.inDoubt > Math.max(1, known * DOUBT_SHARE_MAX) || (known <= 1 && markets.inDoubt > 0)],
  ]
  return conditions.filter(([, holds]) => holds).map(([name]) => name)
}
