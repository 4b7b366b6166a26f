/**
 * Journal records folded into rows: the feed's own fold decides what each frame means, and here that becomes what the
 * tables say of it.
 *
 *   delta frame     one row of rl_orderbook_deltas; size_after only where the fold applied it
 *   snapshot frame  one row of rl_orderbook_snapshots, kind frame (audit: it differed from a book that stayed ours); a
 *                   checkpoint record one of kind checkpoint
 *   trade, ticker   one row each; a trade told twice is one
 *   anything that cannot be a row: one of rl_quarantine, with its bytes
 *
 * Gaps and validity come from what the fold tells while it happens (standing.ts). Pure: records in, rows out, the same rows
 * for the same journal wherever its reading was cut into batches. What PostgreSQL thinks of them is the writer's affair.
 */
import { DeltaScanner, decodeFrame, type Frame } from '#codec'
import {
  type CheckpointBook,
  type ConnectionLostBody,
  type ConnectionOpenedBody,
  type ContextBody,
  type GapBody,
  NO_LEVELS,
  RECORD,
  type RestBody,
  type SessionBody,
  type ValidityBody,
} from '#domain'
import { type Audited, Fold, type Market } from '#feed'
import { decodeCheckpoint, decodeJson, type JournalBlock } from '#journal'
import { askedIn, type PlacedTimes, ToldTimes } from '#ledger'
import { Conflation } from './conflation.ts'
import { isStorableTicker, KnownMarkets, STORED_TICKER_LENGTH_MAX } from './known-markets.ts'
import { RowBatch } from './row-batch.ts'
import { Runs } from './runs.ts'
import { type Known, Standing } from './standing.ts'
import type { StoredState } from './stored-state.ts'
import { type DeltaRow, type Origin, SNAPSHOT_KIND, withoutNul } from './tables.ts'

export type RowFoldOptions = {
  /** Deltas of a market that may become one row of a level. 1 keeps each. */
  readonly sampleRate?: number
}

export type TakeOptions = {
  /** Records are taken until the batch holds so many rows; the last record may add a few more. */
  readonly rowsMax: number
  /** With conflation: whether the batch should end at the next place where it can. */
  readonly isDue?: () => boolean
}

/** Kalshi began in 2021; a stamp before it is a clock that was never set. Unix ns. */
const FIRST_DAY_NS = 1_609_459_200_000_000_000n
const FIRST_DAY_MS = 1_609_459_200_000
/** How far an exchange's time may lie past the receive stamp. */
const AHEAD_MS_MAX = 2 * 86_400_000
const DAY_MS = 86_400_000
const DAY_NS = 86_400_000_000_000n
const SECOND_NS = 1_000_000_000n
const TRADE_ID_LENGTH_MAX = 128
const INT4_MAX = 0x7fffffff
/** Far above any order, and a thousand of them still make an exact sum. */
const SUMMED_CHANGE_MAX = 2 ** 43

/** Records after which nothing may come for long: no window stays open across them, so that the watermark passes. */
const WINDOW_ENDING: ReadonlySet<number> = new Set([RECORD.CONNECTION_OPENED, RECORD.CONNECTION_LOST, RECORD.SESSION])

const LIFECYCLE_TYPES: ReadonlySet<string> = new Set(['market_lifecycle_v2', 'event_lifecycle', 'event_fee_update'])

export class RowFold {
  readonly fold: Fold
  readonly #standing: Standing
  readonly #runs: Runs
  readonly #conflation: Conflation
  readonly #sampleRate: number
  readonly #markets = new KnownMarkets((known) => this.#marketFound(known))
  readonly #scanner = new DeltaScanner(this.#markets.tickers)
  readonly #decoder = new TextDecoder()

  readonly #times = new ToldTimes()
  #batch: RowBatch
  /** Rows are made; `false` while the fold only catches up with what is stored already. */
  #writes = false
  /** Where the record at hand stands. */
  #origin: Origin = { segment: 0, offset: 0, receivedNs: 0n }
  #isFrame = false
  #dayEndNs = 0n
  #second = -1n
  /** A record that `take` has moved to and not used. */
  #isHeld = false
  #applied: Market | undefined
  #quarantinedOffset = -1
  #sawContext = false

  constructor({ sampleRate = 1 }: RowFoldOptions = {}) {
    this.#sampleRate = sampleRate
    this.#batch = new RowBatch(0)
    this.#conflation = new Conflation(sampleRate, (row) => this.#emit(row))
    this.#standing = new Standing({
      origin: () => this.#origin,
      isFrame: () => this.#isFrame,
      batch: () => (this.#writes ? this.#batch : undefined),
      known: (market) => this.#markets.of(market.ticker),
      connection: (record) => this.#runs.stored(record),
      turned: (known) => this.#conflation.end(known.id),
    })
    this.fold = new Fold({
      ...this.#standing.listener,
      changed: (market) => {
        this.#applied = market
      },
      audited: (market, found) => this.#audited(market, found),
    })
    this.#runs = new Runs({
      fold: this.fold,
      standing: this.#standing,
      origin: () => this.#origin,
      batch: () => (this.#writes ? this.#batch : undefined),
      marketOf: (ticker) => this.#markets.of(ticker),
    })
  }

  /** The run that the last record belongs to. */
  get session(): string | undefined {
    return this.#runs.current
  }

  /** Whether a context stood in what was read: without one nothing is known of connections opened before. */
  get sawContext(): boolean {
    return this.#sawContext
  }

  /** Whether the batch may end here: no window of conflated rows is open. */
  get canEnd(): boolean {
    return this.#conflation.isEmpty
  }

  /** Folds the rest of a block without making rows: to reach the watermark. Answers whether a run began in it. */
  catchUp(block: JournalBlock): boolean {
    const before = this.#runs.begun
    while (block.next()) {
      this.#moveTo(block)
      this.#apply(block)
      this.#runs.passed(block.type)
    }
    return this.#runs.begun > before
  }

  /** A piece of the journal behind the last record cannot be read: nothing is believed across it. */
  damaged(): void {
    this.fold.damaged()
  }

  /** Rows are made from here on. Called once, at the watermark. */
  resume(state: StoredState): void {
    this.#batch = new RowBatch(state.journalId)
    this.#markets.resume(state.markets, state.lastMarketId)
    this.#runs.resume(state)
    for (const { ticker, times } of state.markets) this.#times.resume(ticker, times)
    const tickerOf = new Map(state.markets.map(({ id, ticker }) => [id, ticker]))
    this.#writes = true
    this.#standing.resume(state, (id) => {
      const ticker = tickerOf.get(id)
      return ticker === undefined ? undefined : this.#markets.of(ticker)
    })
  }

  /**
   * Folds records of a block until it is used up or the batch should end. `false`: the batch ends here, and the block is
   * to be given again with the next one.
   */
  take(block: JournalBlock, { rowsMax, isDue }: TakeOptions): boolean {
    const batch = this.#batch
    while (this.#isHeld || block.next()) {
      this.#isHeld = false
      const { segment } = this.#origin
      this.#moveTo(block)
      if (this.#sampleRate > 1 && this.#isNewWindow(segment)) {
        this.#conflation.endAll()
        if (batch.counts.records > 0 && (batch.rows >= rowsMax || isDue?.() === true)) {
          this.#isHeld = true
          return false
        }
        this.#second = this.#origin.receivedNs / SECOND_NS
      }
      this.#takeRecord(block, batch)
      if (batch.rows >= rowsMax && this.canEnd) return false
    }
    return true
  }

  /** The batch so far, sealed; the fold goes on with an empty one. Only where {@link canEnd} holds. */
  cut(): RowBatch {
    const batch = this.#batch
    batch.seal()
    this.#batch = new RowBatch(batch.journal)
    this.#batch.end = batch.end
    this.#batch.segmentId = batch.segmentId
    this.#dayEndNs = 0n
    this.#standing.batchEnded()
    return batch
  }

  /** What stands in the batch that is being filled. */
  get pending(): RowBatch {
    return this.#batch
  }

  #takeRecord(block: JournalBlock, batch: RowBatch): void {
    const { offset, receivedNs } = this.#origin
    if (receivedNs < FIRST_DAY_NS) this.#takeUnstamped(block)
    else {
      if (receivedNs >= this.#dayEndNs || this.#dayEndNs - receivedNs > DAY_NS) {
        const day = receivedNs / DAY_NS
        batch.days.add(Number(day))
        this.#dayEndNs = (day + 1n) * DAY_NS
      }
      if (block.type === RECORD.FRAME) this.#frame(block)
      else {
        if (WINDOW_ENDING.has(block.type)) this.#conflation.endAll()
        this.#apply(block)
        this.#standing.runGoesOn()
        if (block.type === RECORD.CHECKPOINT) this.#checkpointRow(block)
      }
    }
    batch.counts.records++
    batch.bytes += block.nextOffset - offset
    batch.end = { segment: block.segment, offset: block.nextOffset }
    batch.lastNs = receivedNs
    this.#runs.passed(block.type)
  }

  /** A clock that was never set: no partition is made for 1970, and the bytes are kept. */
  #takeUnstamped(block: JournalBlock): void {
    this.#apply(block)
    if (block.type === RECORD.FRAME || block.type === RECORD.CHECKPOINT) {
      this.#quarantine(block, 'received before 2021', 'received_ns')
    }
  }

  #isNewWindow(segment: number): boolean {
    return this.#origin.segment !== segment || this.#origin.receivedNs / SECOND_NS !== this.#second
  }

  #moveTo(block: JournalBlock): void {
    this.#isFrame = block.type === RECORD.FRAME
    this.#origin = { segment: block.segment, offset: block.recordOffset, receivedNs: block.stampNs() }
  }

  /** One frame: into the feed's fold, and into its row. */
  #frame(block: JournalBlock): void {
    const { counts } = this.#batch
    counts.frames++
    const connection = this.fold.connection(block.connection)
    if (connection === undefined) {
      this.fold.frame(block.connection, block.body(), unixMs(block))
      this.#quarantine(block, 'its connection was never opened')
      return
    }
    const body = block.body()
    const { useYesPrice } = connection.opened
    if (this.#scanner.scan(body, useYesPrice)) {
      const { sid, seq, market, side, price, change, exchangeMs } = this.#scanner
      this.#applied = undefined
      this.fold.frame(block.connection, body, unixMs(block))
      this.#delta(block, this.#markets.at(market), { sid, seq, side, price, change, exchangeMs })
      return
    }
    const frame = decodeFrame(this.#decoder.decode(body), useYesPrice)
    if ('market' in frame && frame.type !== 'malformed' && !isStorableTicker(frame.market)) {
      this.fold.frame(block.connection, body, unixMs(block))
      this.#quarantine(
        block,
        `a ticker needs 1 to ${STORED_TICKER_LENGTH_MAX} characters without NUL`,
        'msg.market_ticker',
      )
      return
    }
    this.#applied = undefined
    if (frame.type === 'snapshot') {
      this.#snapshot(block, frame)
      return
    }
    this.fold.frame(block.connection, body, unixMs(block))
    this.#rowOf(block, frame)
  }

  #rowOf(block: JournalBlock, frame: Frame): void {
    const connection = this.#runs.stored(block.connection)
    switch (frame.type) {
      case 'delta':
        this.#delta(block, this.#markets.of(frame.market)!, frame)
        return
      case 'trade':
        this.#trade(block, frame, connection)
        return
      case 'ticker': {
        this.#batch.counts.tickers++
        const { yesBid, yesAsk, last, exchangeMs } = frame
        const row = { market: this.#markets.of(frame.market)!.id, connection, yesBid, yesAsk, last, exchangeMs }
        this.#refuse(block, this.#batch.tick(row, this.#origin))
        return
      }
      case 'malformed':
        this.#quarantine(block, `malformed: ${frame.was}`, frame.at)
        return
      case 'unknown':
        if (LIFECYCLE_TYPES.has(frame.name)) this.#lifecycle(block, frame.name, connection)
        return
    }
  }

  #snapshot(block: JournalBlock, frame: Frame & { type: 'snapshot' }): void {
    this.#batch.counts.snapshots++
    const known = this.#markets.of(frame.market)!
    const { sid, seq, marketId } = frame
    const market = this.fold.market(frame.market)
    const snapshots = market?.snapshots ?? 0
    const { repeats, unasked } = this.fold.counts
    const wasProven =
      market?.proven === true && market.source?.connectionId === block.connection && market.source.sid === sid
    this.fold.frame(block.connection, block.body(), unixMs(block))

    const connection = this.#runs.stored(block.connection)
    const isKnown = marketId !== ''
    const isTaken = (this.fold.market(frame.market)?.snapshots ?? 0) > snapshots
    const isAudit = wasProven && this.fold.counts.repeats === repeats && this.fold.counts.unasked === unasked
    if (isKnown && !isTaken && !isAudit) {
      this.#quarantine(
        block,
        'a snapshot that proves nothing: its number had passed, or nobody had asked for it',
        'seq',
      )
      return
    }
    const levels = isKnown ? { yes: frame.yes, no: frame.no } : NO_LEVELS
    const kind = isKnown && !isTaken ? SNAPSHOT_KIND.AUDIT : SNAPSHOT_KIND.FRAME
    const isBase = kind === SNAPSHOT_KIND.FRAME && isKnown
    const row = { market: known.id, connection, sid, seq, exchangeMs: 0, levels, known: isBase, kind }
    this.#refuse(block, this.#batch.snapshot(row, this.#origin))
  }

  /** The exchange's own word on a book that we held for right. */
  #audited(market: Market, { result, connection, sid, seq, levelsWrong, ours, theirs }: Audited): void {
    const known = this.#markets.of(market.ticker)
    if (!this.#writes || known === undefined) return
    const { segment, offset, receivedNs } = this.#origin
    this.#batch.audits.push({
      at: this.#origin,
      market_id: known.id,
      segment,
      offset,
      received_ns: String(receivedNs),
      connection: this.#runs.stored(connection),
      sid,
      seq,
      matched: result === 'matched',
      levels_wrong: levelsWrong,
      result,
      ours: ours === undefined ? null : { yes: ours.yes, no: ours.no },
      theirs: theirs === undefined ? null : { yes: theirs.yes, no: theirs.no },
    })
  }

  #delta(
    block: JournalBlock,
    known: Known,
    delta: Pick<DeltaRow, 'sid' | 'seq' | 'side' | 'price' | 'change' | 'exchangeMs'>,
  ): void {
    const { sid, seq, side, price, change, exchangeMs } = delta
    this.#batch.counts.deltas++
    const sizeAfter = this.#applied?.book.sizeAt(side, price as never)
    const row: DeltaRow = {
      market: known.id,
      connection: this.#runs.stored(block.connection),
      sid,
      seq,
      side,
      price,
      change,
      sizeAfter,
      exchangeMs,
      segment: this.#origin.segment,
      offset: this.#origin.offset,
      receivedNs: this.#origin.receivedNs,
      span: 0,
    }
    if (this.#sampleRate === 1) {
      this.#refuse(block, this.#batch.delta(row))
      return
    }
    // What might be refused must be refused alone, not as a part of a sum.
    if (Math.max(sid, row.connection) <= INT4_MAX && Math.abs(change) <= SUMMED_CHANGE_MAX) this.#conflation.add(row)
    else this.#refuse(block, this.#batch.delta(row))
  }

  #emit(row: DeltaRow): void {
    if (this.#writes) this.#batch.delta(row)
  }

  #trade(block: JournalBlock, frame: Frame & { type: 'trade' }, connection: number): void {
    this.#batch.counts.trades++
    const { yesPrice, size, takerSide, isBlock } = frame
    const origin = this.#origin
    const receivedMs = Number(origin.receivedNs / 1_000_000n)
    const exchangeMs = frame.exchangeMs === 0 ? receivedMs : frame.exchangeMs
    if (exchangeMs < FIRST_DAY_MS || exchangeMs > receivedMs + AHEAD_MS_MAX) {
      this.#quarantine(
        block,
        `a trade of 2021 or later and at most two days ahead is needed, found ${exchangeMs} ms`,
        'msg.ts_ms',
      )
      return
    }
    // Without an id of its own a trade is told apart by where it stands.
    const tradeId = frame.tradeId || `@${origin.segment}:${origin.offset}`
    if (tradeId.length > TRADE_ID_LENGTH_MAX || tradeId.includes('\0')) {
      this.#quarantine(block, `a trade id needs 1 to ${TRADE_ID_LENGTH_MAX} characters without NUL`, 'msg.trade_id')
      return
    }
    const market = this.#markets.of(frame.market)!.id
    this.#batch.trade({ market, connection, tradeId, yesPrice, size, takerSide, isBlock, exchangeMs, origin })
    this.#batch.tradeDays.add(Math.floor(exchangeMs / DAY_MS))
  }

  #lifecycle(block: JournalBlock, name: string, connection: number): void {
    const msg = decodeJson<{ msg?: Record<string, unknown> }>(block.body())?.msg ?? {}
    const ticker = textOf(msg['market_ticker'])
    const isStorable = !JSON.stringify(msg).includes('\\u0000') && (ticker === undefined || isStorableTicker(ticker))
    if (!isStorable) {
      this.#quarantine(block, 'text without NUL is needed', 'msg')
      return
    }
    this.#told(this.#times.lifecycle(block.body().toString('utf8'), this.#origin))
    const { segment, offset, receivedNs } = this.#origin
    this.#batch.lifecycle.push({
      at: this.#origin,
      journal_id: this.#batch.journal,
      segment,
      offset,
      received_ns: String(receivedNs),
      connection,
      market_id: ticker === undefined ? null : this.#markets.of(ticker)!.id,
      event_ticker: textOf(msg['event_ticker']) ?? null,
      event_type: textOf(msg['event_type']) ?? name,
      body: msg,
    })
  }

  #checkpointRow(block: JournalBlock): void {
    this.#batch.counts.checkpoints++
    const book = decodeCheckpoint(block.body())
    if (book === undefined) {
      this.#quarantine(block, 'not a checkpoint of a version that this program knows')
      return
    }
    const known = this.#markets.of(book.market)
    if (known === undefined) return
    this.#conflation.end(known.id)
    const { sid, seq, exchangeMs } = book
    const connection = this.#runs.stored(book.connection)
    const row = { market: known.id, connection, sid, seq, exchangeMs, levels: levelsOf(book), known: true }
    this.#refuse(block, this.#batch.snapshot({ ...row, kind: SNAPSHOT_KIND.CHECKPOINT }, this.#origin))
  }

  /** Records other than frames, into the feed's fold; the same with rows and without. */
  #apply(block: JournalBlock): void {
    switch (block.type) {
      case RECORD.FRAME:
        this.fold.frame(block.connection, block.body(), unixMs(block))
        return
      case RECORD.COMMAND:
        this.fold.command(block.connection, block.body())
        return
      case RECORD.CONNECTION_OPENED: {
        const body = decodeJson<ConnectionOpenedBody>(block.body())
        if (body !== undefined) this.#runs.opened(block.connection, body)
        return
      }
      case RECORD.CONNECTION_LOST:
        this.#runs.lost(block.connection, decodeJson<ConnectionLostBody>(block.body()))
        return
      case RECORD.VALIDITY: {
        const body = decodeJson<ValidityBody>(block.body())
        if (body !== undefined) this.fold.validity(body, block.connection === 0 ? undefined : block.connection)
        return
      }
      case RECORD.CHECKPOINT: {
        const book = decodeCheckpoint(block.body())
        if (book !== undefined) this.fold.checkpoint(book, unixMs(block))
        return
      }
      case RECORD.REST: {
        const body = decodeJson<RestBody>(block.body())
        if (body !== undefined) this.#told(this.#times.rest(body, this.#origin))
        return
      }
      case RECORD.GAP: {
        const body = decodeJson<GapBody>(block.body())
        if (body !== undefined) this.#runs.declaredGap(body)
        return
      }
      case RECORD.SESSION: {
        const body = decodeJson<SessionBody>(block.body())
        if (body !== undefined) this.#runs.session(body)
        return
      }
      case RECORD.CONTEXT: {
        const body = decodeJson<ContextBody>(block.body())
        if (body === undefined) return
        this.#sawContext = true
        this.#runs.current = body.session
        this.fold.context(body)
        for (const each of body.connections ?? []) {
          for (const ticker of askedIn(each)) {
            const known = this.#markets.of(ticker)
            if (known !== undefined) this.#standing.stillAsked(known, each.connection)
          }
        }
        return
      }
    }
  }

  #refuse(block: JournalBlock, refused: string | undefined): void {
    if (refused !== undefined) this.#quarantine(block, refused)
  }

  #quarantine(block: JournalBlock, reason: string, at?: string): void {
    if (!this.#writes) return
    const origin = this.#origin
    // One row for a record, whatever number of its fields were wrong.
    if (this.#quarantinedOffset === origin.offset && this.#batch.quarantine.segments.at(-1) === origin.segment) return
    this.#quarantinedOffset = origin.offset
    const { connection, type } = block
    this.#batch.quarantined(
      {
        connection: connection === 0 ? 0 : this.#runs.stored(connection),
        recordType: type,
        reason,
        at,
        sqlState: undefined,
        raw: block.body(),
      },
      origin,
    )
  }

  /** The exchange said something new of these markets: rows of those that have one say so. */
  #told(tickers: readonly string[]): void {
    if (!this.#writes) return
    for (const ticker of tickers) {
      const known = this.#markets.find(ticker)
      if (known === undefined) continue
      this.#batch.toldMarkets.push({ at: this.#origin, market_id: known.id, ...toldColumns(this.#times.get(ticker)) })
    }
  }

  #marketFound(known: Known): void {
    const { segment, offset, receivedNs } = this.#origin
    this.#batch.markets.push({
      at: this.#origin,
      market_id: known.id,
      journal_id: this.#batch.journal,
      ticker: known.ticker,
      first_segment: segment,
      first_offset: offset,
      first_ns: String(receivedNs),
      ...toldColumns(this.#times.get(known.ticker)),
    })
  }
}

/** What the exchange said of a market, as its row has it; NULL where it said nothing. */
const toldColumns = ({ openMs, closeMs, status, result, told }: PlacedTimes) => ({
  open_ms: openMs ?? null,
  close_ms: closeMs ?? null,
  status: status === undefined ? null : withoutNul(status),
  result: result === undefined ? null : withoutNul(result),
  told_segment: told?.segment ?? null,
  told_offset: told?.offset ?? null,
  told_ns: told === undefined ? null : String(told.receivedNs),
})

/** The stamp as Unix ms with fraction, without a bigint for each record. */
const unixMs = (block: JournalBlock): number => Number(block.baseNs / 1000n) / 1000 + block.deltaNs / 1e6

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const levelsOf = ({ yes, no }: CheckpointBook) => ({ yes, no }) as never
