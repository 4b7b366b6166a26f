/**
 * A reader of a journal: from a position, through live and sealed segments, block by block, to an end or for ever.
 *
 * It never changes a file, and its pace is nobody's business but its own. What cannot be read is reported and passed
 * over; nothing that fails its check is ever shown.
 */
import { comparePositions, POSITION_ZERO, type Position } from '#domain'
import type { Disk, JournalRecord, Time } from '#ports'
import { archivedBefore, readArchived } from './archived.ts'
import type { Scanned } from './block-scanner.ts'
import { listSegmentFiles, type SegmentFiles } from './folder.ts'
import type { JournalBlock } from './journal-block.ts'
import { endOfSegment, isEmpty, type OpenSegment, openSegment, readHeader } from './segment.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'
import { SYSTEM_TIME } from './time-system.ts'

export type CursorOptions = {
  readonly disk: Disk
  readonly folder: string
  /** The first record shown is the first at or after it. Default: the start of the journal. */
  readonly from?: Position
  /** Records at or after it are not shown. A function is asked again and again: a writer's durable position. */
  readonly until?: Position | (() => Position)
  /** Wait at the end for more, rather than end. Only the signal ends it then. */
  readonly follow?: boolean
  /** How often a following reader looks for more, in ms. Default 20. {@link JournalCursor.poke} makes it look at once. */
  readonly pollMs?: number
  readonly signal?: AbortSignal
  /** What a following reader waits by. */
  readonly time?: Time
  /** Called in the order of the journal for everything that could not be read. */
  readonly onFault?: (fault: ReadFault) => void
}

export type ReadFault =
  /** Bytes that are not good blocks although good ones follow. */
  | { readonly kind: 'damage'; readonly segment: number; readonly from: number; readonly to: number }
  /** A segment's header is damaged; its blocks are read all the same. */
  | { readonly kind: 'bad_header'; readonly segment: number }
  /** A segment's files cannot be used: a sealed one without its manifest. */
  | { readonly kind: 'unreadable_segment'; readonly segment: number }
  /** The segment does not continue the one before it: one or more are missing, or come from another copy. */
  | { readonly kind: 'broken_chain'; readonly segment: number; readonly after: number }
  /** The segments `first` to `last` before this one were removed here, since an archive has them. */
  | {
      readonly kind: 'archived'
      readonly segment: number
      readonly first: number
      readonly last: number
      readonly target: string
    }
  /** Bytes at the journal's very end that are no good block: being written just now, or a torn tail. */
  | { readonly kind: 'torn_tail'; readonly segment: number; readonly from: number; readonly to: number }
  /** Shown by a reader without a durable bound, then given up by the writer: these records come again. */
  | { readonly kind: 'rewritten'; readonly segment: number; readonly from: number; readonly to: number }

const LOSSES: ReadonlySet<ReadFault['kind']> = new Set([
  'damage',
  'unreadable_segment',
  'broken_chain',
  'archived',
  'rewritten',
])

/** Whether records may be missing there: a bad header loses none, and a torn tail was never told to be durable. */
export const losesRecords = ({ kind }: ReadFault): boolean => LOSSES.has(kind)

const LIST_INTERVAL_MS = 1_000
const NOWHERE: Position = { segment: Number.MAX_SAFE_INTEGER, offset: 0 }

export const openCursor = (options: CursorOptions): JournalCursor => new JournalCursor(options)

export class JournalCursor {
  readonly #options: CursorOptions
  readonly #pollMs: number
  readonly #time: Time
  #position: Position
  /** Segments up to this number are done with. */
  #after: number
  #segment: OpenSegment | undefined
  /** Where the open segment ends; infinite as long as nobody knows. */
  #segmentEnd = Number.POSITIVE_INFINITY
  /** The bound lies in a later segment that is there, and nothing says yet where this one ends. */
  #isEndAwaited = false
  /** The bound at which the end was looked for last. */
  #lookedFor: Position | undefined
  #files: readonly SegmentFiles[] = []
  #listedMs = Number.NEGATIVE_INFINITY
  /**
   * Ids that the next segment may name: of the last segment with records, and of empty ones after it, which a failing
   * disk may leave behind. The first of a journal names none.
   */
  #predecessors: (string | undefined)[]
  #segmentShown = false
  #wake: (() => void) | undefined
  #poked = false
  #closed = false

  constructor(options: CursorOptions) {
    this.#options = options
    this.#pollMs = options.pollMs ?? 20
    this.#time = options.time ?? SYSTEM_TIME
    this.#position = options.from ?? POSITION_ZERO
    this.#after = this.#position.segment - 1
    this.#predecessors = this.#after < 0 ? [undefined] : []
  }

  /** Where the next block is looked for: after the last one shown. A reader that has used it whole can go on from here. */
  get position(): Position {
    return this.#position
  }

  /** The id of the open segment, 32 hex digits: kept with a position, it tells this journal from a copy that went another way. */
  get segmentId(): string | undefined {
    return this.#segment?.header?.id
  }

  /**
   * The next block, whose bytes are good until the next call; `undefined` at the end (it may be asked again later) or
   * when the signal was raised. Rejects with the disk's error when it cannot read, and with FLOW_JOURNAL_VERSION at a
   * later format.
   */
  async nextBlock(): Promise<JournalBlock | undefined> {
    for (;;) {
      if (this.#closed || this.#options.signal?.aborted) {
        await this.close()
        return undefined
      }
      const until = this.#until()
      const segment = this.#segment ?? (await this.#enter(until))
      if (segment === undefined || isPast(segment, until)) {
        if (await this.#wait(segment !== undefined)) continue
        return undefined
      }
      const { number } = segment
      await this.#lookForEnd(segment, until)
      const from = this.#position.segment === number ? this.#position.offset : 0
      const limit = this.#isEndAwaited
        ? segment.scanner.at
        : Math.min(this.#segmentEnd, this.#durableEnd(number, until))
      const ready = segment.scanner.nextInWindow(limit)
      const scanned: Scanned = ready === undefined ? await segment.scanner.next(limit) : { kind: 'block', block: ready }
      if (scanned.kind === 'block') {
        const { block } = scanned
        // The first block of a file that is gone may be that of the new one, byte for byte, and its id is not.
        if (!this.#segmentShown && (await this.#leadsElsewhere(segment))) continue
        this.#segmentShown = true
        if (block.end <= from) continue
        this.#position = { segment: number, offset: block.end }
        const stop = number === until.segment ? until.offset : Number.POSITIVE_INFINITY
        if (from > block.offset || stop < block.end) block.narrow(from, stop)
        return block
      }
      if (scanned.kind === 'damage') {
        if (scanned.to > from) this.#report({ kind: 'damage', segment: number, from: scanned.from, to: scanned.to })
        continue
      }
      if (await this.#wasMadeAnew(segment, scanned.at, until)) continue
      if (await this.#leave(segment, scanned.at, scanned.tail, until)) continue
      if (await this.#wait(false)) continue
      if (scanned.tail > 0)
        this.#report({ kind: 'torn_tail', segment: number, from: scanned.at, to: scanned.at + scanned.tail })
      return undefined
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JournalBlock> {
    try {
      for (;;) {
        const block = await this.nextBlock()
        if (block === undefined) return
        yield block
      }
    } finally {
      await this.close()
    }
  }

  /** Record by record: convenient, and several times slower than blocks. */
  async *records(): AsyncGenerator<JournalRecord> {
    for await (const block of this) yield* block.records()
  }

  /** There may be more: a following reader looks at once. */
  poke(): void {
    this.#poked = true
    this.#wake?.()
  }

  /** Lets go of the files. A reader that waits ends. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wake?.()
    const segment = this.#segment
    this.#segment = undefined
    await segment?.bytes.close()
  }

  #until(): Position {
    const { until } = this.#options
    return typeof until === 'function' ? until() : (until ?? NOWHERE)
  }

  /** A durable position is the end of a block; a fixed bound may lie inside one, which is then shown in part. */
  #durableEnd(number: number, until: Position): number {
    return number === until.segment && typeof this.#options.until === 'function'
      ? until.offset
      : Number.POSITIVE_INFINITY
  }

  /**
   * A writer on a sick disk removes a segment in which nothing became durable, and makes it again: who opened it before
   * holds a file that is gone, with the first block of the new one at most. Lets go of it where something durable is
   * missing in it and its name leads elsewhere now.
   */
  async #wasMadeAnew(segment: OpenSegment, at: number, until: Position): Promise<boolean> {
    const { number } = segment
    const isMissing = this.#isDurablePast(number, until) || at < this.#durableStart(number, until)
    return isMissing && (await this.#leadsElsewhere(segment))
  }

  /** Lets go of a segment that a follower has open when its name leads to another file now. */
  async #leadsElsewhere({ number, header, bytes }: OpenSegment): Promise<boolean> {
    if (typeof this.#options.until !== 'function') return false
    const found = await readHeader(this.#options.disk, this.#options.folder, number)
    if (found === undefined || found.id === header?.id) return false
    this.#segment = undefined
    await bytes.close()
    return true
  }

  /** Up to where there is something in a segment, as far as the bound promises it. */
  #durableStart(number: number, until: Position): number {
    return number === until.segment && typeof this.#options.until === 'function' ? until.offset : 0
  }

  #isDurablePast(number: number, until: Position): boolean {
    return typeof this.#options.until === 'function' && until.segment > number
  }

  /** Opens the segment that comes next; `undefined` when there is none within the bounds. */
  async #enter(until: Position): Promise<OpenSegment | undefined> {
    for (;;) {
      const files = await this.#nextFiles(this.#after, until)
      if (files === undefined || files.number > until.segment) return undefined
      const segment = await openSegment(this.#options.disk, this.#options.folder, files.number)
      if (segment === undefined) {
        // It may have been removed since it was listed, with nothing durable in it.
        this.#files = await listSegmentFiles(this.#options.disk, this.#options.folder)
        if (!this.#files.some(({ number }) => number === files.number)) continue
        this.#report({ kind: 'unreadable_segment', segment: files.number })
        this.#after = files.number
        this.#predecessors = []
        continue
      }
      await this.#checkChain(segment)
      this.#segment = segment
      this.#lookedFor = undefined
      this.#segmentEnd = await this.#findEnd(segment, until)
      if (segment.number === this.#position.segment) await this.#skipTo(segment, this.#position.offset, until)
      return segment
    }
  }

  /** Goes straight to an offset where a block begins or data ends; anywhere else the blocks before it are walked. */
  async #skipTo(segment: OpenSegment, offset: number, until: Position): Promise<void> {
    if (offset <= SEGMENT_HEADER_BYTES) return
    const atEnd = offset === this.#segmentEnd || offset === this.#durableEnd(segment.number, until)
    if (atEnd || (await segment.scanner.standsAt(offset))) segment.scanner.moveTo(offset)
  }

  async #checkChain(segment: OpenSegment): Promise<void> {
    const { header, number } = segment
    if (header === undefined) {
      if (!(await isEmpty(segment))) this.#report({ kind: 'bad_header', segment: number })
      return
    }
    // Begun in the middle, the reader knows no predecessor: the segment must then be the one that it asked for.
    const isNext =
      this.#predecessors.length > 0 ? this.#predecessors.includes(header.previousId) : number === this.#after + 1
    if (isNext) return
    const { disk, folder } = this.#options
    const archived = await readArchived(disk, folder).catch(() => [])
    const [first, ...more] = archivedBefore(archived, header.previousId, this.#predecessors) ?? []
    if (first === undefined) this.#report({ kind: 'broken_chain', segment: number, after: Math.max(this.#after, 0) })
    else {
      const last = more.at(-1)?.segment ?? first.segment
      this.#report({ kind: 'archived', segment: number, first: first.segment, last, target: first.target })
    }
  }

  /** Whether to go on reading: here, since the segment turned out to be longer, or in the next one. */
  async #leave(segment: OpenSegment, at: number, tail: number, until: Position): Promise<boolean> {
    if (this.#segmentEnd === Number.POSITIVE_INFINITY) {
      this.#segmentEnd = await this.#findEnd(segment, until)
      if (this.#segmentEnd === Number.POSITIVE_INFINITY) return false
      if (at > this.#segmentEnd)
        this.#report({ kind: 'rewritten', segment: segment.number, from: this.#segmentEnd, to: at })
      return true
    }
    if (tail > 0) this.#report({ kind: 'damage', segment: segment.number, from: at, to: at + tail })
    if (this.#segmentShown) this.#predecessors = []
    this.#predecessors.push(segment.header?.id)
    this.#segmentShown = false
    this.#after = segment.number
    this.#segment = undefined
    await segment.bytes.close()
    return true
  }

  /**
   * The bound has passed a segment that was entered as the last. What the writer gave up at its end, and wrote again in the
   * next, must not be read: that one says where this one ends.
   */
  async #lookForEnd(segment: OpenSegment, until: Position): Promise<void> {
    if (this.#segmentEnd !== Number.POSITIVE_INFINITY || !this.#isDurablePast(segment.number, until)) return
    if (this.#lookedFor !== undefined && comparePositions(this.#lookedFor, until) === 0) return
    this.#lookedFor = until
    this.#files = []
    this.#segmentEnd = await this.#findEnd(segment, until)
  }

  /** Where the segment ends; infinite when it is the last. */
  async #findEnd(segment: OpenSegment, until: Position): Promise<number> {
    this.#isEndAwaited = false
    if (until.segment === segment.number && typeof this.#options.until === 'function') return Number.POSITIVE_INFINITY
    if ((await this.#nextFiles(segment.number, until)) === undefined) return Number.POSITIVE_INFINITY
    const later = this.#files.filter(({ number }) => number > segment.number)
    const end = await endOfSegment(this.#options.disk, this.#options.folder, segment, later)
    if (end !== Number.POSITIVE_INFINITY) return end
    // A bound may lie behind everything there is; where its segment is there, one of them will say.
    this.#isEndAwaited = later.some(({ number }) => number === until.segment)
    // Those listed say nothing, or are gone again: the next look lists anew.
    this.#files = []
    return end
  }

  /** The first segment after a number. The folder is listed when that can bring something new, and not at every look. */
  async #nextFiles(after: number, until: Position): Promise<SegmentFiles | undefined> {
    const known = this.#files.find((files) => files.number > after)
    if (known !== undefined) return known
    const told = typeof this.#options.until === 'function' && until.segment > after
    if (!told && !this.#poked && this.#time.nowMs() - this.#listedMs < LIST_INTERVAL_MS && this.#options.follow)
      return undefined
    this.#poked = false
    this.#files = await listSegmentFiles(this.#options.disk, this.#options.folder)
    this.#listedMs = this.#time.nowMs()
    return this.#files.find((files) => files.number > after)
  }

  /** Waits for more; `false` when there is nothing to wait for. */
  async #wait(reachedBound: boolean): Promise<boolean> {
    const { follow, until, signal } = this.#options
    if (!follow || (reachedBound && typeof until !== 'function')) return false
    const poked = new AbortController()
    const stop = () => poked.abort()
    this.#wake = stop
    signal?.addEventListener('abort', stop, { once: true })
    await this.#time.sleep(signal?.aborted ? 0 : this.#pollMs, poked.signal)
    signal?.removeEventListener('abort', stop)
    this.#wake = undefined
    return true
  }

  #report(fault: ReadFault): void {
    this.#options.onFault?.(fault)
  }
}

const isPast = ({ number, scanner }: OpenSegment, until: Position): boolean =>
  number > until.segment || (number === until.segment && scanner.at >= until.offset)
