/**
 * One client's socket: what comes in, everything that goes out, counted, and what is done to it on purpose.
 *
 * Frames are counted when they are handed to its socket while that is open. What the client does not read before its
 * socket closes was counted and is lost, as on any wire.
 */
import type { StageSocket, Venue } from '../venue.ts'
import { type FrameFaultKind, type FrameFaults, type OutgoingFrame, spoil } from './frame-faults.ts'
import { FrameWay } from './frame-way.ts'
import type { Outbox } from './outbox.ts'
import { type Channel, type Envelope, type ErrorCode, encodeFrame } from './protocol.ts'
import { ReplyOrder } from './reply-order.ts'
import { Subscriptions } from './subscriptions.ts'

export type ConnectionLimits = {
  readonly marketsPerSubscriptionMax: number
  readonly commandsPerSecondMax: number
  readonly bufferBytesMax: number
}

/** What a connection needs of the exchange around it. */
export type Surroundings = {
  readonly venue: Venue
  readonly limits: ConnectionLimits
  readonly faults: FrameFaults
  /** The chance that a command is carried out after the next one, and where it comes from. */
  readonly replies: { readonly swapRate: number; readonly unit: () => number }
  /** `use_yes_price` is answered the wrong way round. */
  isOrientationFlipped(): boolean
  /** The exchange's wall clock, Unix ms. */
  nowMs(): number
  /** The envelope with its times moved as far as the wall clock has been since the venue began. */
  stamped(envelope: Envelope): Envelope
  /** The error that a subscribe or update on these channels is refused with on purpose. */
  refusalOf(connection: number, channels: readonly Channel[]): ErrorCode | undefined
  /** Tells that a connection holds more markets of the order book than before. */
  booksSubscribed(connection: Connection): void
}

export type ConnectionReport = {
  readonly id: number
  readonly remote: string
  /** Unix ms of this machine's clock. */
  readonly opened_ms: number
  /** `sending_ts_ms` of the first frame that left; `null` before it. With `last_seq` it names a connection in a journal. */
  readonly first_sent_ms: number | null
  /** Frames made, of which a fault kept some and sent some twice. */
  readonly made: number
  readonly dropped: number
  readonly doubled: number
  readonly frames: Readonly<Record<string, number>>
  readonly total: number
  readonly last_seq: Readonly<Record<string, number>>
  readonly use_yes_price: boolean | null
  readonly open: boolean
}

export class Connection implements StageSocket {
  readonly id: number
  readonly remote: string
  readonly #outbox: Outbox
  readonly #around: Surroundings
  readonly #order: ReplyOrder
  readonly #subscriptions: Subscriptions
  readonly #frames: Record<string, number> = {}
  readonly #lastSeq: Record<string, number> = {}
  readonly #way: FrameWay
  readonly #openedUnixMs = Date.now()
  #firstSentMs: number | null = null
  #made = 0
  #dropped = 0
  #doubled = 0
  #total = 0
  #second = 0
  #commandsThisSecond = 0
  #isDeaf = false

  /** `openedMs` counts from the first connection of the exchange. */
  constructor(id: number, remote: string, outbox: Outbox, around: Surroundings, openedMs = 0) {
    this.id = id
    this.remote = remote
    this.#outbox = outbox
    this.#around = around
    this.#way = new FrameWay({
      leave: (frame) => this.#leave(frame),
      flush: () => this.flush(),
      latenessMs: () => around.faults.latenessMs(id, openedMs),
    })
    this.#subscriptions = new Subscriptions({
      venue: around.venue,
      marketsPerSubscriptionMax: around.limits.marketsPerSubscriptionMax,
      isOrientationFlipped: around.isOrientationFlipped,
      send: (envelope) => this.send(envelope),
      booksSubscribed: () => around.booksSubscribed(this),
    })
    const { swapRate, unit } = around.replies
    this.#order = new ReplyOrder((text) => this.#answer(text), swapRate, unit)
  }

  get isOpen(): boolean {
    return this.#outbox.isOpen
  }

  /** Whether the server answers this client at all: neither stalled nor half-open. */
  get isAnswering(): boolean {
    return !this.#way.isStalled && !this.#isDeaf
  }

  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes + this.#way.bytes
  }

  /** Markets of the exchange held on the order-book channel. */
  get bookCount(): number {
    return this.#subscriptions.bookCount
  }

  /** Takes one text message of the client. */
  receive(text: string): void {
    if (this.#isDeaf) return
    this.#order.receive(text)
  }

  #answer(text: string): void {
    if (this.#isDeaf) return
    if (this.#isOverRate()) this.#subscriptions.refuse(0, 27)
    else this.#subscriptions.take(text, (channels) => this.#around.refusalOf(this.id, channels))
    this.flush()
  }

  /** Hands one frame to the socket, or does to it what is planned. */
  send(envelope: Envelope): void {
    if (!this.isOpen || this.#isDeaf) return
    const nowMs = this.#around.nowMs()
    const frame = { type: envelope.type, text: encodeFrame(this.#around.stamped(envelope), nowMs) }
    if (envelope.sid !== undefined && envelope.seq !== undefined) this.#lastSeq[envelope.sid] = envelope.seq
    this.#firstSentMs ??= nowMs
    this.#made++
    const fault = this.#around.faults.faultOf(this.id, this.#made, envelope)
    if (fault === undefined) this.#way.hand(frame)
    else this.#handSpoilt(frame, fault)
    this.#keepInBounds(envelope.sid)
  }

  #handSpoilt(frame: OutgoingFrame, fault: FrameFaultKind): void {
    if (fault === 'reorder') {
      this.#way.handAfterNext(frame)
      return
    }
    const left = spoil(frame, fault)
    if (left.length === 0) this.#dropped++
    else this.#doubled += left.length - 1
    for (const each of left) this.#way.hand(each)
  }

  /** Sends a text of the caller's making, counted as `raw`. */
  sendRaw(text: string): void {
    if (!this.isOpen || this.#isDeaf) return
    this.#way.hand({ type: 'raw', text })
    this.flush()
  }

  flush(): void {
    this.#outbox.flush()
  }

  /** Sends an error of a subscription; 10 and 25 end it. False when there is no such sid. */
  sendError(sid: number, code: ErrorCode): boolean {
    if (!this.#subscriptions.sendError(sid, code)) return false
    this.flush()
    return true
  }

  /** The sids that the client holds, of one channel or of all. */
  sids(channel?: Channel): number[] {
    return this.#subscriptions.sids(channel)
  }

  /** Holds every frame back until {@link resume}; frames held are not counted yet. */
  stall(): void {
    this.#way.stall()
  }

  resume(): void {
    this.#way.resume()
  }

  /** From now on nothing is sent and nothing is heard, while the socket stays open. */
  halfOpen(): void {
    this.#isDeaf = true
  }

  /** The next `count` commands are carried out together, the last one first. */
  delayReplies(count: number): void {
    this.#order.reverse(count)
  }

  /** Lets go of all subscriptions; what was counted stays. */
  ended(): void {
    this.#subscriptions.end()
    this.#order.end()
    this.#way.end()
  }

  report(): ConnectionReport {
    return {
      id: this.id,
      remote: this.remote,
      opened_ms: this.#openedUnixMs,
      first_sent_ms: this.#firstSentMs,
      made: this.#made,
      dropped: this.#dropped,
      doubled: this.#doubled,
      frames: { ...this.#frames },
      total: this.#total,
      last_seq: { ...this.#lastSeq },
      use_yes_price: this.#subscriptions.useYesPrice,
      open: this.isOpen,
    }
  }

  #leave(frame: OutgoingFrame): void {
    if (!this.isOpen || this.#isDeaf) return
    this.#outbox.push(frame.text)
    this.#frames[frame.type] = (this.#frames[frame.type] ?? 0) + 1
    this.#total++
  }

  #isOverRate(): boolean {
    const second = Math.floor(this.#around.nowMs() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#commandsThisSecond = 0
    }
    return ++this.#commandsThisSecond > this.#around.limits.commandsPerSecondMax
  }

  /** A client that does not read loses its subscription first, and its connection when it goes on asking. */
  #keepInBounds(sid: number | undefined): void {
    const { bufferedBytes } = this
    const { bufferBytesMax } = this.#around.limits
    if (bufferedBytes <= bufferBytesMax) return
    if (bufferedBytes > 2 * bufferBytesMax) this.#outbox.destroy()
    else if (sid !== undefined) this.#subscriptions.overflow(sid)
  }
}
