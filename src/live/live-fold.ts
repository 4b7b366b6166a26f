/**
 * Everything that a copy of the books knows, made from the records of a journal: the books by the feed's own fold, gaps,
 * last trades, frames a second, and what the exchange said of the markets.
 */
import { readCommand, type TradeFrame } from '#codec'
import {
  type ConnectionLostBody,
  type ContextBody,
  type GapBody,
  type Position,
  RECORD,
  type RestBody,
  type SessionBody,
  type ValidityBody,
} from '#domain'
import { type DoubtCause, doubtOf, Fold, type Market } from '#feed'
import { decodeJson, type JournalBlock } from '#journal'
import { nsOfMs, tellLoss } from '#ledger'
import { foldRecord, receivedMs } from './fold-record.ts'
import { GapRing, type Loss } from './live-gap.ts'
import { type MarketInfo, MarketInfos } from './market-info.ts'
import type { ReplicaListener } from './replica-listener.ts'

export type LiveTrade = {
  readonly tradeId: string | undefined
  readonly yesPrice: TradeFrame['yesPrice']
  readonly size: TradeFrame['size']
  readonly takerSide: TradeFrame['takerSide']
  /** Unix ms; 0 when the exchange did not say. */
  readonly exchangeMs: number
  readonly receivedMs: number
}

export type LiveMarket = {
  readonly market: Market
  readonly lastTrade: LiveTrade | undefined
  /** Deltas, snapshots and trades in the last second. */
  readonly framesPerSecond: number
  readonly info: MarketInfo | undefined
}

export type LiveSession = {
  readonly id: string
  readonly startedMs: number | undefined
  readonly version: string | undefined
}

type Pulse = { lastTrade: LiveTrade | undefined; trades: number; frames: number; framesPerSecond: number }

export class LiveFold {
  readonly fold: Fold
  readonly gaps = new GapRing()
  readonly infos = new MarketInfos()
  session: LiveSession | undefined
  /** A run began in what was read. */
  sawRunStart = false
  /** A context stood in what was read. A segment that took over from one given up on a failing disk begins with none. */
  #sawContext = false
  /** Receive time of the last frame folded, Unix ms; 0 before the first. */
  lastFrameMs = 0
  /** Of the last record, whatever its type, the one at hand included. */
  lastRecordMs = 0
  framesPerSecond = 0
  /** Listeners are told; not while it is made ready behind the scenes. */
  tells = false
  readonly #listeners: ReadonlySet<ReplicaListener>
  readonly #pulses = new Map<string, Pulse>()
  /** Markets of which a context says that their books are in doubt: there is nothing to look for. */
  readonly #inDoubt = new Set<string>()
  /** Markets that we let go, until the fold has forgotten them or they are proven again. */
  readonly #leaving = new Set<string>()
  #segment = 0
  #offset = 0
  #recordType = 0
  #loss: Loss | undefined
  #isLifecycle = false
  #sampledFrames = 0
  #sampledAtMs = 0

  constructor(listeners: ReadonlySet<ReplicaListener>) {
    this.#listeners = listeners
    this.fold = new Fold({
      applied: (market, side, price, change, size) => {
        if (this.tells) for (const each of listeners) each.delta?.(market, side, price, change, size)
      },
      proven: (market) => {
        this.#leaving.delete(market.ticker)
        this.gaps.proven(
          market.ticker,
          this.lastRecordMs,
          this.#recordType === RECORD.CHECKPOINT ? 'checkpoint' : 'snapshot',
        )
        if (this.tells) for (const each of listeners) each.snapshot?.(market)
      },
      doubted: (market, cause) => {
        // The exchange says so in a frame; in every other record it is our own doing, and no hole.
        if (cause === 'unsubscribed' && this.#recordType !== RECORD.FRAME) return
        this.gaps.doubted(market, cause, this.position, this.#loss)
      },
      control: () => this.#forget(),
      validity: (market) => {
        if (this.tells) for (const each of listeners) each.validity?.(market)
      },
      keptBack: (market) => {
        if (this.tells) for (const each of listeners) each.validity?.(market)
      },
      trade: (_, frame) => this.#trade(frame),
      passedOver: () => {
        this.#isLifecycle = true
      },
    })
  }

  /** Behind the last record folded, the one at hand included. */
  get position(): Position {
    return { segment: this.#segment, offset: this.#offset }
  }

  /**
   * Whether every book is known that the records speak of, or was never there. Otherwise an older segment has it: a
   * context names markets, and only checkpoints and snapshots carry books.
   */
  get isWhole(): boolean {
    if (this.sawRunStart) return true
    if (!this.#sawContext) return false
    const awaited = new Set<string>()
    for (const { asked } of this.fold.connections()) for (const each of asked.describe().awaiting) awaited.add(each)
    return this.fold.markets().every(({ seq, cause, ticker }) => {
      return seq > 0 || cause === 'unknown_market' || awaited.has(ticker) || this.#inDoubt.has(ticker)
    })
  }

  /** Folds the rest of a block. */
  take(block: JournalBlock): void {
    this.#segment = block.segment
    while (block.next()) {
      this.#offset = block.nextOffset
      this.#recordType = block.type
      this.lastRecordMs = receivedMs(block)
      if (block.type === RECORD.FRAME) {
        this.lastFrameMs = this.lastRecordMs
        this.fold.frame(block.connection, block.body(), this.lastRecordMs)
        if (this.#isLifecycle) this.#lifecycle(block)
      } else this.#other(block)
    }
  }

  /** The records end here, and nobody writes more. */
  ended(cause: DoubtCause): void {
    this.fold.ended(cause)
  }

  market(ticker: string): LiveMarket | undefined {
    const market = this.fold.market(ticker)
    return market === undefined ? undefined : this.#describe(market)
  }

  *markets(): Generator<LiveMarket> {
    for (const market of this.fold.markets()) yield this.#describe(market)
  }

  /** Takes the figures of a second. Called about once in one; a second of the journal counts while it catches up. */
  sample(elapsedMs: number): void {
    const journalMs = this.#sampledAtMs === 0 ? 0 : this.lastFrameMs - this.#sampledAtMs
    const seconds = Math.max(elapsedMs, journalMs, 1) / 1000
    this.#sampledAtMs = this.lastFrameMs
    this.framesPerSecond = (this.fold.counts.frames - this.#sampledFrames) / seconds
    this.#sampledFrames = this.fold.counts.frames
    const markets = this.fold.markets()
    for (const { ticker, deltas, snapshots } of markets) {
      const pulse = this.#pulseOf(ticker)
      const frames = deltas + snapshots + pulse.trades
      // A market that was let go and came back counts anew.
      pulse.framesPerSecond = Math.max(0, frames - pulse.frames) / seconds
      pulse.frames = frames
    }
    if (this.#pulses.size > 2 * markets.length + 100) this.#forgetStrangers()
  }

  #forgetStrangers(): void {
    for (const ticker of this.#pulses.keys()) if (this.fold.market(ticker) === undefined) this.#pulses.delete(ticker)
  }

  #describe(market: Market): LiveMarket {
    const pulse = this.#pulses.get(market.ticker)
    return {
      market,
      lastTrade: pulse?.lastTrade,
      framesPerSecond: pulse?.framesPerSecond ?? 0,
      info: this.infos.get(market.ticker),
    }
  }

  #other(block: JournalBlock): void {
    switch (block.type) {
      case RECORD.CONNECTION_LOST: {
        const body = decodeJson<ConnectionLostBody>(block.body())
        const cause = body?.cause ?? 'disconnect'
        const proofMs = body === undefined ? this.lastRecordMs : Number(body.lastProofNs) / 1e6
        const isMeant = doubtOf(cause) !== 'connection_lost'
        const lost = { cause: isMeant ? doubtOf(cause) : cause, detail: body?.detail, kind: 'frame' }
        const told = tellLoss({ ...lost, proofNs: nsOfMs(proofMs) }, this.lastRecordMs)
        this.#loss = { cause: told.cause, detail: told.detail, proofMs }
        foldRecord(this.fold, block)
        this.#loss = undefined
        return
      }
      case RECORD.GAP: {
        const body = decodeJson<GapBody>(block.body())
        if (body === undefined) return
        // The beginning of one whose end is told by a record of its own.
        const isBegun = body.cause === 'disk_full' && body.toNs === undefined
        if (!isBegun) this.gaps.declared(body, this.position)
        this.#loss = { cause: body.cause, detail: body.detail, proofMs: Number(body.fromNs) / 1e6 }
        this.fold.gap(body)
        this.#loss = undefined
        return
      }
      case RECORD.COMMAND: {
        const command = readCommand(block.body().toString('utf8'))
        if (command?.cmd === 'update_subscription' && command.action === 'delete_markets') {
          for (const each of command.markets) this.#leaving.add(each)
        }
        break
      }
      case RECORD.VALIDITY: {
        const body = decodeJson<ValidityBody>(block.body())
        foldRecord(this.fold, block)
        if (body?.action !== 'release') return
        for (const each of body.markets ?? []) this.#leaving.add(each)
        this.#forget()
        return
      }
      case RECORD.REST: {
        const body = decodeJson<RestBody>(block.body())
        if (body !== undefined) this.infos.rest(body)
        return
      }
      case RECORD.SESSION: {
        const body = decodeJson<SessionBody>(block.body())
        if (body?.event === 'started') {
          this.sawRunStart = true
          this.session = { id: body.session, startedMs: this.lastRecordMs, version: body.version }
        }
        break
      }
      case RECORD.CONTEXT: {
        this.#sawContext = true
        const { session: id, connections = [] } = decodeJson<Partial<ContextBody>>(block.body()) ?? {}
        for (const { asked } of connections) for (const each of asked?.leaving ?? []) this.#leaving.add(each)
        if (id !== undefined && id !== this.session?.id) this.session = { id, startedMs: undefined, version: undefined }
        for (const { doubts = [] } of connections) for (const { market } of doubts) this.#inDoubt.add(market)
        break
      }
    }
    foldRecord(this.fold, block)
  }

  /** What the fold has forgotten of the markets that we let go. */
  #forget(): void {
    for (const ticker of this.#leaving) {
      if (this.fold.market(ticker) !== undefined) continue
      this.#leaving.delete(ticker)
      this.#pulses.delete(ticker)
      this.gaps.released(ticker, this.lastRecordMs)
      if (this.tells) for (const each of this.#listeners) each.forgotten?.(ticker)
    }
  }

  #trade(frame: TradeFrame): void {
    const pulse = this.#pulseOf(frame.market)
    const { tradeId, yesPrice, size, takerSide, exchangeMs } = frame
    pulse.trades++
    pulse.lastTrade = { tradeId, yesPrice, size, takerSide, exchangeMs, receivedMs: this.lastRecordMs }
    if (this.tells) for (const each of this.#listeners) each.trade?.(frame, this.lastRecordMs)
  }

  #lifecycle(block: JournalBlock): void {
    this.#isLifecycle = false
    this.infos.lifecycle(block.body().toString('utf8'))
  }

  #pulseOf(ticker: string): Pulse {
    const known = this.#pulses.get(ticker)
    if (known !== undefined) return known
    const pulse = { lastTrade: undefined, trades: 0, frames: 0, framesPerSecond: 0 }
    this.#pulses.set(ticker, pulse)
    return pulse
  }
}
