/**
 * Where each market's holes and intervals of validity begin and end, from what the feed's fold tells while it happens. The
 * one place that decides it: the rows of the database and the ledger of a journal are both made from these calls.
 *
 *   a sequence break      from the last in-sequence frame of its subscription
 *   a lost connection     from its last frame or ping, as the record says; a dead process's from the last durable record
 *   a fault of the book   from that market's last snapshot: it went wrong somewhere since
 *   a book kept back      from the snapshot that differed, whatever ends it before the audit is settled
 *   the end of a gap      the first snapshot that proves the market again; or nobody asks for it any more
 *   our own letting go    no gap: the market's validity ends there, and nothing is missed of what is not asked for
 *
 * An interval of validity ends where the last proof was, which may lie before the record that revealed it. A market has at
 * most one gap open: what befalls it inside of one changes nothing.
 */
import { comparePositions, type Position } from '#domain'
import type { Connection, DoubtCause, FoldListener, Market } from '#feed'
import { type HoleCause, isExplainedByPause } from './cause.ts'
import { msOfNs, nsOfMs, type Place } from './place.ts'
import { meetsWeeklyPause } from './weekly-pause.ts'

/** `let_go`: it is recorded no longer. `declared`: the record itself says where it ends. */
export type ClosedBy = 'snapshot' | 'checkpoint' | 'let_go' | 'declared'

/** A market's part of a hole. */
export type Gap<Key> = {
  readonly market: Key | undefined
  readonly connection: number | undefined
  readonly sid: number | undefined
  readonly cause: string
  readonly detail: string | undefined
  /** The record that revealed it. */
  readonly found: Place
  /** The last proof before it, and what that was: a frame, a ping, a snapshot, a durable record. */
  readonly fromNs: bigint
  readonly fromKind: string
  /** `undefined` while it is open. */
  to: Place | undefined
  closedBy: ClosedBy | undefined
}

/** An interval in which a market's book may be believed. Its end may lie before the record that revealed it. */
export type Validity<Key> = {
  readonly market: Key
  readonly connection: number
  readonly from: Place
  to: Place | undefined
  cause: string | undefined
  found: Position | undefined
}

/** When a market was asked for. A run that asks for it again goes on with it. */
export type Asked<Key> = {
  readonly market: Key
  readonly connection: number
  readonly from: Place
  to: Place | undefined
}

/** What is kept of a market. */
export type Standing<Key> = {
  /** The snapshot that proved its book last. */
  snapshot: Place | undefined
  /** An audit has kept the book back since here. */
  keptBack: Place | undefined
  /** Open now. */
  gap: Gap<Key> | undefined
  validity: Validity<Key> | undefined
  asked: Asked<Key> | undefined
  /** The run that asked for it last, counted from 1 by this reader; 0 when none was seen to. */
  askedInRun: number
}

export const newStanding = <Key>(): Standing<Key> => ({
  snapshot: undefined,
  keptBack: undefined,
  gap: undefined,
  validity: undefined,
  asked: undefined,
  askedInRun: 0,
})

/** Why a connection's books stand still, and the last sign of life. */
export type Loss = {
  readonly cause: string
  readonly detail?: string | undefined
  readonly proofNs: bigint
  readonly kind: string
}

/** The loss by the name that a hole of it has: one that the exchange's pause explains is `maintenance`. */
export function tellLoss(loss: Loss, foundMs: number): Loss {
  if (!isExplainedByPause(loss.cause) || !meetsWeeklyPause(msOfNs(loss.proofNs), foundMs)) return loss
  const detail = loss.detail === undefined ? loss.cause : `${loss.cause}: ${loss.detail}`
  return { ...loss, cause: 'maintenance' satisfies HoleCause, detail }
}

export type StandingsParts<Key, Entry extends Standing<Key>> = {
  /** The record at hand. */
  readonly place: () => Place
  /** Whether it is what the exchange sent. */
  readonly isFrame: () => boolean
  /** `false` while a reader only catches up with what it knows. */
  readonly isKept: () => boolean
  readonly entryOf: (market: Market) => Entry | undefined
  readonly keyOf: (entry: Entry) => Key
  /** The number of a connection in the whole journal. */
  readonly connection: (record: number) => number
  /** The market's book got another base or another standing. */
  readonly turned?: (entry: Entry) => void
  readonly gapBegan: (gap: Gap<Key>, entry: Entry) => void
  readonly gapEnded: (gap: Gap<Key>, entry: Entry) => void
  readonly validityBegan: (validity: Validity<Key>, entry: Entry) => void
  readonly validityEnded: (validity: Validity<Key>, entry: Entry) => void
  readonly askedBegan: (asked: Asked<Key>, entry: Entry) => void
  readonly askedEnded: (asked: Asked<Key>, entry: Entry) => void
}

/** Faults of the book itself: the fold dates them back to the last snapshot. */
const OWN_FAULTS: ReadonlySet<string> = new Set<DoubtCause>([
  'negative_size',
  'crossed',
  'audit_mismatch',
  'wire_changed',
  'orientation',
])

/** A market that a run has not asked for so long after its beginning, or by its end, is recorded no longer. */
export const ASK_WITHIN_MS = 3_600_000

export class Standings<Key, Entry extends Standing<Key>> {
  readonly #parts: StandingsParts<Key, Entry>
  #loss: Loss | undefined
  /** The run at hand, counted from the one that the reader began in. */
  #run = 1
  #runBegan: Place | undefined
  /** Markets that were asked for before the run at hand, and not by it. */
  readonly #left = new Set<Entry>()
  /** Markets that are asked for, or whose gap is open. */
  readonly #current = new Set<Entry>()

  constructor(parts: StandingsParts<Key, Entry>) {
    this.#parts = parts
  }

  /** The fold's calls. */
  readonly listener: FoldListener = {
    proven: (market) => this.#proven(market),
    doubted: (market, cause) => this.#doubted(market, cause),
    validity: (market) => this.#validityChanged(market),
    keptBack: (market) => {
      const entry = this.#parts.entryOf(market)
      if (entry !== undefined) entry.keptBack = market.valid ? undefined : this.#parts.place()
    },
    oriented: (connection) => this.#oriented(connection),
    asked: (connection, market) => this.#asked(connection, market),
    letGo: (market) => this.#letGo(market),
  }

  /** Where the run began that a reader goes on in. */
  resumeRun(began: Place): void {
    this.#runBegan ??= began
  }

  /** What stands open where a reader goes on; after {@link resumeRun}. */
  resume(entry: Entry, { gap, asked }: { readonly gap?: Gap<Key>; readonly asked?: Asked<Key> }): void {
    if (gap !== undefined) entry.gap = gap
    if (asked !== undefined) entry.asked = asked
    this.#current.add(entry)
    const began = this.#runBegan
    // What this run has proven, or seen in doubt, it had asked for.
    const isOlder = (place: Place) => began !== undefined && comparePositions(place, began) <= 0
    const wasSeen = entry.validity !== undefined || (gap !== undefined && !isOlder(gap.found))
    const wasAsked = entry.askedInRun === this.#run || (asked !== undefined && !isOlder(asked.from))
    if (wasSeen || wasAsked) this.#left.delete(entry)
    else this.#left.add(entry)
  }

  /** What happens inside is the loss of a connection, and its proof is the record's. */
  losing(loss: Loss, happen: () => void): void {
    this.#loss = tellLoss(loss, msOfNs(this.#parts.place().receivedNs))
    happen()
    this.#loss = undefined
  }

  /** A command asks for the market, or the context of a segment says that one did. */
  askedFor(entry: Entry, connection: number): void {
    entry.askedInRun = this.#run
    this.#left.delete(entry)
    if (entry.asked !== undefined || !this.#parts.isKept()) return
    const market = this.#parts.keyOf(entry)
    entry.asked = { market, connection: this.#parts.connection(connection), from: this.#parts.place(), to: undefined }
    this.#current.add(entry)
    this.#parts.askedBegan(entry.asked, entry)
  }

  /** The reading begins in the middle of a gap, whose beginning it has not seen. */
  inDoubt(entry: Entry, cause: string, connection: number): void {
    const found = this.#parts.place()
    const told = { market: this.#parts.keyOf(entry), connection: this.#parts.connection(connection), sid: undefined }
    const began = { found, fromNs: found.receivedNs, fromKind: 'context' }
    this.#add(entry, { ...told, cause, detail: 'it began before this', ...began, to: undefined, closedBy: undefined })
  }

  /** A run begins. What it does not ask for is let go: see {@link runGoesOn}. */
  runBegan(): void {
    this.runEnded()
    this.#run++
    this.#runBegan = this.#parts.place()
    for (const each of this.#current) this.#left.add(each)
  }

  /** Called with records that are no frames: looks whether the run has had its time to ask for what was open before it. */
  runGoesOn(): void {
    if (this.#left.size === 0 || this.#runBegan === undefined) return
    if (msOfNs(this.#parts.place().receivedNs - this.#runBegan.receivedNs) > ASK_WITHIN_MS) this.runEnded()
  }

  /** A run is over: what it has not asked for is recorded no longer, since it began. */
  runEnded(): void {
    const began = this.#runBegan
    if (began === undefined) return
    for (const entry of this.#left) this.#leave(entry, began)
    this.#left.clear()
  }

  #asked(connection: number, market: Market): void {
    const entry = this.#parts.entryOf(market)
    if (entry !== undefined) this.askedFor(entry, connection)
  }

  #letGo(market: Market): void {
    const entry = this.#parts.isKept() ? this.#parts.entryOf(market) : undefined
    if (entry !== undefined) this.#leave(entry, this.#parts.place())
  }

  /** The market is recorded no longer. */
  #leave(entry: Entry, at: Place): void {
    this.#close(entry, 'let_go', at)
    this.#left.delete(entry)
    this.#current.delete(entry)
    const { asked } = entry
    if (asked === undefined) return
    entry.asked = undefined
    asked.to = at
    this.#parts.askedEnded(asked, entry)
  }

  #proven(market: Market): void {
    const entry = this.#parts.entryOf(market)
    if (entry === undefined) return
    entry.snapshot = this.#parts.place()
    entry.keptBack = undefined
    this.#parts.turned?.(entry)
    if (!this.#parts.isKept()) return
    if (entry.gap?.cause === 'orientation' && !market.valid) return
    this.#close(entry, this.#parts.isFrame() ? 'snapshot' : 'checkpoint', this.#parts.place())
    if (market.source?.orientation.verdict === 'wrong') this.#openForOrientation(market, entry)
  }

  #doubted(market: Market, cause: DoubtCause): void {
    const entry = this.#parts.entryOf(market)
    if (entry === undefined) return
    this.#parts.turned?.(entry)
    if (!this.#parts.isKept() || entry.gap !== undefined) return
    // The exchange says so in a frame; in every other record it is our own doing.
    if (cause === 'unsubscribed' && !this.#parts.isFrame()) return
    const { fromNs, fromKind } = this.#proofOf(market, entry, cause)
    this.#begin(market, entry, { cause: this.#loss?.cause ?? cause, detail: this.#loss?.detail, fromNs, fromKind })
  }

  #begin({ source }: Market, entry: Entry, told: Pick<Gap<Key>, 'cause' | 'detail' | 'fromNs' | 'fromKind'>): void {
    const gap: Gap<Key> = {
      market: this.#parts.keyOf(entry),
      connection: source === undefined ? undefined : this.#parts.connection(source.connectionId),
      sid: source?.sid,
      ...told,
      found: this.#parts.place(),
      to: undefined,
      closedBy: undefined,
    }
    this.#add(entry, gap)
  }

  #add(entry: Entry, gap: Gap<Key>): void {
    entry.gap = gap
    this.#current.add(entry)
    this.#parts.gapBegan(gap, entry)
  }

  #close(entry: Entry, by: ClosedBy, to: Place): void {
    const { gap } = entry
    if (gap === undefined) return
    entry.gap = undefined
    if (entry.asked === undefined) this.#current.delete(entry)
    gap.to = to
    gap.closedBy = by
    this.#parts.gapEnded(gap, entry)
  }

  #validityChanged(market: Market): void {
    const entry = this.#parts.entryOf(market)
    if (entry === undefined) return
    this.#parts.turned?.(entry)
    if (!this.#parts.isKept()) return
    if (market.valid) {
      if (entry.gap?.cause === 'orientation') this.#close(entry, 'snapshot', this.#parts.place())
      const connection = this.#parts.connection(market.source?.connectionId ?? 0)
      const began = { market: this.#parts.keyOf(entry), connection, from: this.#parts.place() }
      entry.validity = { ...began, to: undefined, cause: undefined, found: undefined }
      this.#parts.validityBegan(entry.validity, entry)
      return
    }
    const open = entry.validity
    if (open === undefined) return
    entry.validity = undefined
    const cause = market.doubt ?? 'orientation'
    open.cause = this.#loss?.cause ?? cause
    const { segment, offset } = this.#parts.place()
    open.found = { segment, offset }
    open.to = this.#endOf(market, entry, cause, open)
    this.#parts.validityEnded(open, entry)
  }

  /** Where an interval ends: with its last proof, and never before it began. */
  #endOf(market: Market, entry: Entry, cause: DoubtCause, open: Validity<Key>): Place {
    // Read the wrong way round, the book was never right.
    if (market.proven) return open.from
    const { fromNs } = this.#proofOf(market, entry, cause)
    const place = entry.keptBack ?? this.#parts.place()
    const end = OWN_FAULTS.has(cause) ? (entry.snapshot ?? open.from) : { ...place, receivedNs: fromNs }
    const isBefore =
      end.segment < open.from.segment || (end.segment === open.from.segment && end.offset < open.from.offset)
    return isBefore ? open.from : end
  }

  #proofOf(market: Market, entry: Entry, cause: DoubtCause): { fromNs: bigint; fromKind: string } {
    const isKeptBack = entry.keptBack !== undefined && !OWN_FAULTS.has(cause)
    if (isKeptBack) return { fromNs: nsOfMs(market.provenUntilMs), fromKind: 'frame' }
    if (this.#loss !== undefined) return { fromNs: this.#loss.proofNs, fromKind: this.#loss.kind }
    if (OWN_FAULTS.has(cause)) {
      return { fromNs: entry.snapshot?.receivedNs ?? nsOfMs(market.provenUntilMs), fromKind: 'snapshot' }
    }
    return { fromNs: nsOfMs(market.provenUntilMs), fromKind: 'frame' }
  }

  /** Judged wrong: its books are proven, and nobody may believe them. */
  #oriented(connection: Connection): void {
    if (connection.orientation.verdict !== 'wrong' || !this.#parts.isKept()) return
    for (const { markets } of connection.subscriptions()) {
      for (const market of markets) {
        const entry = market.proven ? this.#parts.entryOf(market) : undefined
        if (entry !== undefined) this.#openForOrientation(market, entry)
      }
    }
  }

  #openForOrientation(market: Market, entry: Entry): void {
    if (entry.gap !== undefined) return
    const fromNs = (entry.validity?.from ?? entry.snapshot ?? this.#parts.place()).receivedNs
    this.#begin(market, entry, { cause: 'orientation', detail: undefined, fromNs, fromKind: 'snapshot' })
  }
}
