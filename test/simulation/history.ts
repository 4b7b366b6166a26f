/**
 * S2 and S3: what the journal must hold, and what its records must fold to. Keeps every record that the journal took, and
 * now and then the state of the live fold with the number of records it rests on; reads the journal back with a cursor of
 * its own and compares.
 */
import { foldRecord } from '#app'
import { type ContextConnection, type GapBody, RECORD } from '#domain'
import { describeContext, Fold } from '#feed'
import {
  decodeCheckpoint,
  type Journal,
  type JournalBlock,
  type MemoryDisk,
  openCursor,
  type ReadFault,
  type SeededRandom,
  verifyJournal,
} from '#journal'
import type { Verdicts } from './invariants.ts'
import { textOf } from './plain-book.ts'
import { FOLDER } from './recorder.ts'

type Kept = { readonly type: number; readonly connection: number; readonly body: Buffer }

/** A state of the live fold, after so many records of its life. */
type Mark = {
  readonly records: number
  readonly state: string
  /** Frames reached the books and no journal before: only what was proven since is compared. */
  readonly recorded?: ReadonlySet<string>
}

/** Records that the journal writes by itself: they are in the journal, and nobody appended them. */
const OWN_RECORDS: ReadonlySet<number> = new Set([RECORD.CONTEXT, RECORD.CLOCK_STEP])

export class History {
  /** States of the live fold that were compared with the journal's. */
  compared = 0
  readonly #verdicts: Verdicts
  readonly #disk: MemoryDisk
  /** Everything appended that the journal must hold or may hold, over all lives. */
  #kept: Kept[] = []
  #marks: Mark[] = []
  /** Of the life that is on: its first segment, and the records kept before it. */
  #firstSegment = 0
  #before = 0
  /** Frames of this life are in no journal. */
  #isCut = false

  constructor(verdicts: Verdicts, disk: MemoryDisk) {
    this.#verdicts = verdicts
    this.#disk = disk
  }

  begin(journal: Journal): void {
    this.#firstSegment = journal.head.segment
    this.#before = this.#kept.length
    this.#marks = []
    this.#isCut = false
  }

  /** From here on frames reach the books and no journal, for a while. */
  cut(): void {
    this.#isCut = true
  }

  appended(type: number, connection: number, body: Uint8Array): void {
    // The journal writes contexts by itself, and is handed one after a disk was full.
    if (OWN_RECORDS.has(type)) return
    this.#kept.push({ type, connection, body: Buffer.from(body) })
  }

  mark(journal: Journal, fold: Fold): void {
    const { records } = journal.metrics()
    if (!this.#isCut) {
      this.#marks.push({ records, state: stateOf(fold) })
      return
    }
    const markets = fold.markets().filter(({ isUnrecorded }) => !isUnrecorded)
    const recorded = new Set(markets.map(({ ticker }) => ticker))
    this.#marks.push({ records, recorded, state: booksOf(fold, recorded) })
  }

  /** What a reader up to the durable position sees: exactly the records that were told to be durable. */
  async checkDurable(journal: Journal): Promise<void> {
    const { durable } = journal
    const { durableRecords } = journal.metrics()
    let records = 0
    const from = { segment: this.#firstSegment, offset: 0 }
    for await (const block of openCursor({ disk: this.#disk, folder: FOLDER, from, until: () => durable })) {
      while (block.next()) records++
    }
    if (records !== durableRecords) {
      this.#verdicts.broken(
        'S3',
        `${durableRecords} records are said to be durable, and ${records} can be read up to there`,
      )
    }
  }

  /**
   * The life is over: reads the whole journal. `durableRecords`: those of this life that must be there. What is not there
   * is forgotten, as it is for everybody.
   */
  async checkAfterLife(durableRecords: number): Promise<void> {
    const fold = new Fold()
    const faults: ReadFault[] = []
    let appended = 0
    let ofThisLife = 0
    let epoch = 0
    let lastNs = 0n
    let mark = 0
    const onFault = (fault: ReadFault) => faults.push(fault)
    for await (const block of openCursor({ disk: this.#disk, folder: FOLDER, onFault })) {
      if (block.epoch < epoch) this.#verdicts.broken('S3', `clock epoch ${block.epoch} comes after ${epoch}`)
      if (block.epoch > epoch) lastNs = 0n
      epoch = block.epoch
      while (block.next()) {
        const ns = block.stampNs()
        if (ns < lastNs) this.#verdicts.broken('S3', `a stamp goes backward by ${lastNs - ns} ns at ${where(block)}`)
        lastNs = ns
        if (!OWN_RECORDS.has(block.type)) this.#checkSame(block, appended++)
        if (block.segment < this.#firstSegment) continue
        foldRecord(fold, block)
        if (block.type === RECORD.CHECKPOINT) offerWrongBook(fold, block.body())
        ofThisLife++
        while (this.#marks[mark] !== undefined && this.#marks[mark]!.records < ofThisLife) mark++
        if (this.#marks[mark]?.records === ofThisLife) this.#compare(this.#marks[mark]!, fold, where(block))
      }
    }
    if (ofThisLife < durableRecords) {
      this.#verdicts.broken('S3', `${durableRecords} records were durable, ${ofThisLife} are there`)
    }
    const real = faults.filter(({ kind }) => kind !== 'torn_tail')
    if (real.length > 0)
      this.#verdicts.broken('S3', `the journal cannot be read without a fault: ${JSON.stringify(real)}`)
    this.#kept.length = Math.min(this.#kept.length, appended)
  }

  /** Folds from the start of some segments beside the whole, and compares what they say they know. */
  async checkFromSegments(random: SeededRandom, starts: number): Promise<void> {
    const { segments } = await verifyJournal({ disk: this.#disk, folder: FOLDER })
    const readers = Array.from({ length: starts }, () => ({
      from: 2 + random.below(Math.max(1, segments)),
      fold: new Fold(),
      based: new Set<string>(),
    }))
    const whole = new Fold()
    let blocks = 0
    let isFull = false
    let wrong: string | undefined
    for await (const block of openCursor({ disk: this.#disk, folder: FOLDER })) {
      const reading = readers.filter(({ from }) => block.segment >= from)
      while (block.next()) {
        foldRecord(whole, block)
        isFull = isFullAfter(block, isFull)
        // While the disk is full the feed counts frames that are in no journal; at its end readers take over where it stands.
        // The record that tells of it may be owed, and stand behind a context: a context is judged at the next frame.
        if (block.type === RECORD.CONTEXT) wrong = this.#wrongContext(whole, block)
        if (isFull || block.type === RECORD.SESSION) wrong = undefined
        if (block.type === RECORD.FRAME && wrong !== undefined) this.#verdicts.broken('S2', wrong)
        for (const { fold } of reading) foldRecord(fold, block)
      }
      if (blocks++ % 5 === 0) for (const reader of reading) this.#compareReaders(whole, reader, where(block))
    }
    for (const reader of readers) this.#compareReaders(whole, reader, 'the end')
  }

  /** Whoever begins at this context knows the numbers of every subscription that he may count. */
  #wrongContext(whole: Fold, block: JournalBlock): string | undefined {
    const reader = new Fold()
    foldRecord(reader, block)
    const numbersOf = (fold: Fold, connection: number) =>
      fold
        .connection(connection)!
        .subscriptions()
        .map(({ sid, last }) => `${sid}:${last}`)
        .join(' ')
    for (const { id } of reader.connections()) {
      // A connection may stand in the context whose own record is the next.
      if (whole.connection(id) === undefined) continue
      const [found, right] = [numbersOf(reader, id), numbersOf(whole, id)]
      if (found === right) continue
      return `the context at ${where(block)} says ${found} of connection ${id}, and not ${right}`
    }
    return undefined
  }

  /** A reader knows a market once it was proven to it; from then on it must say what the whole journal says. */
  #compareReaders(
    whole: Fold,
    { fold, based, from }: { fold: Fold; based: Set<string>; from: number },
    at: string,
  ): void {
    for (const [found, right] of connectionsOf(fold, whole)) {
      if (found !== right)
        this.#verdicts.broken('S2', `from segment ${from} to ${at}, it is\n  ${found}\nand not\n  ${right}`)
    }
    for (const market of fold.markets()) {
      if (market.proven) based.add(market.ticker)
      if (!based.has(market.ticker)) continue
      const other = whole.market(market.ticker)
      const [found, right] = [bookOf(market), other === undefined ? 'nothing' : bookOf(other)]
      if (found !== right) {
        this.#verdicts.broken(
          'S2',
          `from segment ${from} to ${at}, ${market.ticker} is\n  ${found}\nand not\n  ${right}`,
        )
      }
    }
  }

  #checkSame(block: JournalBlock, index: number): void {
    const kept = this.#kept[index]
    const isSame = kept?.type === block.type && kept.connection === block.connection && kept.body.equals(block.body())
    if (isSame) return
    const found = `${block.type} of ${block.connection}: ${block.body().toString('utf8').slice(0, 80)}`
    const needed =
      kept === undefined ? 'nothing' : `${kept.type} of ${kept.connection}: ${kept.body.toString('utf8', 0, 80)}`
    this.#verdicts.broken('S3', `record ${index} at ${where(block)} is ${found}, and ${needed} was appended`)
  }

  #compare({ state, records, recorded }: Mark, fold: Fold, at: string): void {
    this.compared++
    const found = recorded === undefined ? stateOf(fold) : booksOf(fold, recorded)
    if (found === state) return
    this.#verdicts.broken('S2', `after ${records} records, at ${at}: ${firstDifference(found, state)}`)
  }

  get records(): number {
    return this.#kept.length
  }

  get recordsOfThisLife(): number {
    return this.#kept.length - this.#before
  }
}

/** Whether a disk is told to be full after this record. */
function isFullAfter(block: JournalBlock, isFull: boolean): boolean {
  if (block.type === RECORD.SESSION) return false
  if (block.type !== RECORD.GAP) return isFull
  const { cause, toNs } = JSON.parse(block.body().toString('utf8')) as GapBody
  return cause === 'disk_full' ? toNs === undefined : isFull
}

const where = (block: JournalBlock): string => `${block.segment}:${block.recordOffset}`

type Shown = ReturnType<Fold['markets']>[number]

const bookOf = ({ valid, book, seq }: Shown): string => {
  if (!valid) return `in doubt`
  const { yes, no } = book.levels()
  return `as of ${seq} yes ${textOf([...yes])} no ${textOf([...no])}`
}

/**
 * What a reader knows of each connection (its numbers, what it waits for and what it let go) beside what the whole journal
 * says of it. Left out: the sample of an orientation, settled before the reader began, and receive times, which a stamp
 * carries to less than a microsecond.
 */
function connectionsOf(reader: Fold, whole: Fold): [found: string, right: string][] {
  const [known, all] = [reader, whole].map((fold) => {
    const { connections } = describeContext(fold, '')
    return new Map(connections.map((each) => [each.connection, textOfConnection(each)]))
  })
  return [...known!].map(([connection, found]) => [found, all!.get(connection) ?? `no connection ${connection}`])
}

const textOfConnection = ({ connection, asked, sids }: ContextConnection): string => {
  const numbers = sids.map(({ sid, channel, lastSeq, exchangeMs }) => ({ sid, channel, lastSeq, exchangeMs }))
  const sorted = Object.entries(asked).map(([state, markets]) => [
    state,
    markets.map((each) => JSON.stringify(each)).sort(),
  ])
  return JSON.stringify({ connection, asked: sorted, numbers })
}

/** A reader that has proven a market itself believes no checkpoint of it: it is offered an empty book. */
function offerWrongBook(fold: Fold, body: Uint8Array): void {
  const book = decodeCheckpoint(body)
  if (book !== undefined && fold.market(book.market)?.proven === true) {
    fold.checkpoint({ ...book, seq: 0, yes: [], no: [] }, 0)
  }
}

/** Everything that a fold says of its markets, and its counts: line by line. */
function stateOf(fold: Fold): string {
  const lines = fold.markets().map((market) => {
    const { ticker, proven, valid, cause, seq, deltas, snapshots, exchangeMs } = market
    const { yes, no } = market.book.levels()
    return `${ticker} ${proven} ${valid} ${cause} ${seq} ${deltas} ${snapshots} ${exchangeMs} yes ${textOf([...yes])} no ${textOf([...no])}`
  })
  return [...lines.sort(), JSON.stringify(fold.counts)].join('\n')
}

/** The books of these markets: line by line. */
const booksOf = (fold: Fold, tickers: ReadonlySet<string>): string =>
  fold
    .markets()
    .flatMap((market) => (tickers.has(market.ticker) ? [`${market.ticker} ${bookOf(market)}`] : []))
    .sort()
    .join('\n')

function firstDifference(found: string, needed: string): string {
  const [a, b] = [found.split('\n'), needed.split('\n')]
  const index = a.findIndex((line, at) => line !== b[at])
  return `the journal folds to\n  ${a[index]}\nand the live fold had\n  ${b[index] ?? b.at(-1)}`
}
