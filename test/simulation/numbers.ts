/**
 * S6: counts the numbers of each subscription by itself, from what was delivered, and holds the fold's breaks to it. Knows
 * of every number that was lost or late on its way, and why; so a break needs a cause, and a cause a break.
 */
import type { ExchangeConnection, Sent } from './exchange.ts'
import type { Verdicts } from './invariants.ts'

export type Count = {
  readonly channel: string
  last: number
  /** The highest number taken before the subscription was announced a second time. */
  before: number
}

type Break = { readonly connection: number; readonly sid: number; readonly expected: number; readonly received: number }

/** What a frame's number means: `unplaced` when it has none, or its subscription was never announced. */
export type Verdict = 'next' | 'break' | 'repeat' | 'unplaced'

/** Of a subscription: numbers that may be missed, and those of them not yet accounted for. */
type Causes = { readonly all: Set<number>; readonly owed: Set<number> }

type Open = { readonly peer: ExchangeConnection; readonly counts: Map<number, Count> }

export class Numbers {
  breaks = 0
  readonly #verdicts: Verdicts
  readonly #open = new Map<number, Open>()
  readonly #causes = new Map<ExchangeConnection, Map<number, Causes>>()
  #seen: Break[] = []

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  opened(connection: number, peer: ExchangeConnection): void {
    this.#open.set(connection, { peer, counts: new Map() })
  }

  lost(connection: number): void {
    const peer = this.#open.get(connection)?.peer
    this.#open.delete(connection)
    if (peer !== undefined) this.#causes.delete(peer)
  }

  /** The process died: the next one counts connections from 1 again. */
  forget(): void {
    this.#open.clear()
    this.#causes.clear()
    this.#seen = []
  }

  peer(connection: number): ExchangeConnection | undefined {
    return this.#open.get(connection)?.peer
  }

  count(connection: number, sid: number): Count | undefined {
    return this.#open.get(connection)?.counts.get(sid)
  }

  /** A number will not come in its turn. */
  missing(peer: ExchangeConnection, { sid, seq }: Sent): void {
    if (sid === undefined || seq === undefined) return
    const causes = this.#causesOf(peer, sid)
    causes.all.add(seq)
    causes.owed.add(seq)
  }

  broken(found: Break): void {
    this.breaks++
    this.#seen.push(found)
  }

  taken(connection: number, frame: Sent): Verdict {
    const open = this.#open.get(connection)
    if (open === undefined) {
      this.#verdicts.broken('S6', `a frame was taken of connection ${connection}, which is not open`)
      return 'unplaced'
    }
    if (frame.kind === 'subscribed') this.#announced(open, frame)
    const verdict = this.#place(connection, open, frame)
    // A terminal error ends its subscription, whenever it comes: what still comes on it is not counted.
    if (frame.kind === 'error' && frame.sid !== undefined) open.counts.delete(frame.sid)
    for (const each of this.#seen) {
      this.#verdicts.broken(
        'S6',
        `a break was seen where none is: ${JSON.stringify(each)} at ${frame.text.slice(0, 120)}`,
      )
    }
    this.#seen = []
    return verdict
  }

  #announced({ counts }: Open, { text, channel }: Sent): void {
    const { sid } = (JSON.parse(text) as { msg: { sid: number } }).msg
    const before = counts.get(sid)
    counts.set(sid, { channel: channel!, last: 0, before: Math.max(before?.last ?? 0, before?.before ?? 0) })
  }

  #place(connection: number, { peer, counts }: Open, { sid, seq }: Sent): Verdict {
    if (sid === undefined || seq === undefined) return 'unplaced'
    const count = counts.get(sid)
    if (count === undefined) {
      this.#causesOf(peer, sid).all.add(seq)
      return 'unplaced'
    }
    const expected = count.last + 1
    if (seq < expected) return 'repeat'
    count.last = seq
    const { all, owed } = this.#causesOf(peer, sid)
    owed.delete(seq)
    if (seq > expected) {
      const found = this.#seen.shift()
      if (
        found?.connection !== connection ||
        found.sid !== sid ||
        found.expected !== expected ||
        found.received !== seq
      ) {
        this.#verdicts.broken(
          'S6',
          `numbers ${expected} to ${seq - 1} of sid ${sid} were missed, seen was ${JSON.stringify(found)}`,
        )
      }
      for (let missed = expected; missed < seq; missed++) {
        owed.delete(missed)
        if (!all.has(missed) && missed > count.before) {
          this.#verdicts.broken('S6', `number ${missed} of sid ${sid} is seen as missed and nobody lost it`)
        }
      }
    }
    for (const each of owed) {
      if (each < seq)
        this.#verdicts.broken('S6', `number ${each} of sid ${sid} was lost and no break was seen up to ${seq}`)
    }
    return seq > expected ? 'break' : 'next'
  }

  #causesOf(peer: ExchangeConnection, sid: number): Causes {
    const bySid = this.#causes.get(peer) ?? new Map<number, Causes>()
    this.#causes.set(peer, bySid)
    const causes = bySid.get(sid) ?? { all: new Set(), owed: new Set() }
    bySid.set(sid, causes)
    return causes
  }
}
