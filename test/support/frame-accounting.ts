/**
 * What an exchange sent against what a journal holds, number by number: sent, journaled, doubled, lost, and of the lost
 * how many a record of the journal declares. Pure; knows neither the fold nor the ledger.
 */
import type { SentReport } from '#exchange'
import type { JournaledConnection, JournaledFrames } from './frame-numbers.ts'

export type Accounting = {
  /** Numbered frames that the exchange made, and those that it kept back or sent twice on purpose. */
  readonly sent: number
  readonly droppedOnPurpose: number
  readonly doubledOnPurpose: number
  /** Different numbers in the journal, and those that stand there more often than they were sent. */
  readonly journaled: number
  readonly doubled: number
  /** Numbers in the journal that were never sent. */
  readonly invented: number
  /**
   * Numbers that the journal has not, by what declares them: the cause of a connection's end or of a hole, or `skipped`, a
   * break in mid-stream. `undeclared` is what must be empty.
   */
  readonly lost: Readonly<Record<string, number>>
  readonly lostInAll: number
  readonly undeclared: readonly string[]
  /** Those skipped in mid-stream, as `CONNECTION SID SEQ` of the exchange. */
  readonly skipped: readonly string[]
  /** All frames, numbered or not. */
  readonly framesSent: number
  readonly framesJournaled: number
}

export function accountFor(sent: SentReport, journal: JournaledFrames): Accounting {
  const lost: Record<string, number> = {}
  const undeclared: string[] = []
  const skipped: string[] = []
  let [made, journaled, doubled, invented, lostInAll] = [0, 0, 0, 0, 0]
  const onPurpose = (fault: 'drop' | 'duplicate') => sent.faults.counts[fault] ?? 0
  const left = new Set(journal.connections)
  for (const { id, first_sent_ms, last_seq, opened_ms } of sent.connections) {
    const found = findConnection(left, first_sent_ms, opened_ms)
    if (found !== undefined) left.delete(found)
    const repeated = repeatsOnPurpose(sent, id)
    for (const [sid, last] of Object.entries(last_seq)) {
      const numbers = found?.numbers.get(Number(sid)) ?? []
      const seen = new Set(numbers)
      made += last
      journaled += seen.size
      doubled += Math.max(0, numbers.length - seen.size - (repeated.get(Number(sid)) ?? 0))
      const highest = numbers.reduce((most, each) => Math.max(most, each), 0)
      for (const each of seen) if (each > last) invented++
      for (let seq = 1; seq <= last; seq++) {
        if (seen.has(seq)) continue
        const cause =
          seq < highest ? causeOfHole(found!, Number(sid), seq, journal) : declaredBy(found, opened_ms, journal)
        lostInAll++
        lost[cause ?? 'undeclared'] = (lost[cause ?? 'undeclared'] ?? 0) + 1
        if (cause === 'skipped') skipped.push(`${id} ${sid} ${seq}`)
        if (cause === undefined) undeclared.push(`connection ${id}, sid ${sid}, seq ${seq}`)
      }
    }
  }
  return {
    sent: made,
    droppedOnPurpose: onPurpose('drop'),
    doubledOnPurpose: onPurpose('duplicate'),
    journaled,
    doubled,
    invented,
    lost,
    lostInAll,
    undeclared,
    skipped,
    framesSent: sent.total,
    framesJournaled: journal.connections.reduce((sum, { frames }) => sum + frames, 0),
  }
}

function repeatsOnPurpose({ faults }: SentReport, connection: number): Map<number, number> {
  const bySid = new Map<number, number>()
  for (const { fault, sid, seq, connection: on } of faults.happened)
    if (fault === 'duplicate' && on === connection && sid !== undefined && seq !== undefined)
      bySid.set(sid, (bySid.get(sid) ?? 0) + 1)
  return bySid
}

/** By its first frame; one that was lost with all its frames by the time at which it opened. */
function findConnection(
  left: ReadonlySet<JournaledConnection>,
  firstSentMs: number | null,
  openedMs: number,
): JournaledConnection | undefined {
  const all = [...left]
  const openedNs = BigInt(openedMs) * 1_000_000n
  return (
    all.find((each) => firstSentMs !== null && each.firstSentMs === firstSentMs) ??
    all.find((each) => each.frames === 0 && openedNs <= each.openedNs && each.openedNs - openedNs < HANDSHAKE_NS_MAX)
  )
}

/**
 * What says that the end of a connection is missing: its own record, or the hole that the next run found. Records are
 * durable in the order of coming: what is missing at the end of a run came after its last durable record, where that
 * hole begins.
 */
function declaredBy(
  found: JournaledConnection | undefined,
  openedMs: number,
  { gaps }: JournaledFrames,
): string | undefined {
  if (found !== undefined) {
    const next = gaps.find(({ cause, run }) => cause === 'process_down' && run === found.run + 1)
    return found.lost?.cause ?? next?.cause
  }
  const openedNs = BigInt(openedMs) * 1_000_000n
  return gaps.find(
    ({ fromNs, toNs }) =>
      BigInt(fromNs) <= openedNs + HANDSHAKE_NS_MAX && (toNs === undefined || openedNs <= BigInt(toNs)),
  )?.cause
}

/** A hole in mid-stream: what a record says of that time, or the numbers themselves, which every reader sees break. */
function causeOfHole(found: JournaledConnection, sid: number, seq: number, { gaps }: JournaledFrames): string {
  const hole = found.holes.find((each) => each.sid === sid && each.fromSeq <= seq && seq <= each.toSeq)!
  const told = gaps.find(
    ({ fromNs, toNs, run }) =>
      run === found.run && BigInt(fromNs) <= hole.beforeNs && (toNs === undefined || hole.afterNs <= BigInt(toNs)),
  )
  return told?.cause ?? 'skipped'
}

/** From a socket that opens at the exchange to the record that it did, on a machine that has other work. */
const HANDSHAKE_NS_MAX = 2_000_000_000n

/** One row of the table that is printed. */
export function rowOf(name: string, account: Accounting, more: Readonly<Record<string, unknown>> = {}): string {
  const { sent, journaled, doubled, lostInAll, lost, undeclared } = account
  const declared = lostInAll - undeclared.length
  const causes = Object.entries(lost)
    .map(([cause, count]) => `${cause} ${count}`)
    .join(', ')
  const rest = Object.entries(more)
    .map(([key, value]) => `, ${key} ${String(value)}`)
    .join('')
  return `${name}: sent ${sent}, journaled ${journaled}, doubled ${doubled}, lost ${lostInAll}, declared ${declared}${causes === '' ? '' : ` (${causes})`}${rest}`
}
