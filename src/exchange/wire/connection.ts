/**
 * One client's socket: what comes in, everything that goes out, counted, and what is done to it on purpose.
 *
 * Frames are counted when they are handed to its socket while that is open. What the client does not read before its
 * socket closes was counted and is lost, as on any wire.
 */
import type { StageSocket, Venue } from '../venue.ts'
import { type FrameFaults, spoil } from './frame-faults.ts'
import type { Outbox } from './outbox.ts'
import { type Envelope, type ErrorCode, encodeFrame } from './protocol.ts'
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
  /** Tells that a connection holds more markets of the order book than before. */
  booksSubscribed(connection: Connection): void
}

export type ConnectionReport = {
  readonly id: number
  readonly remote: string
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
  #made = 0
  #total = 0
  #second = 0
  #commandsThisSecond = 0
  #isStalled = false
  #isDeaf = false
  #held: { readonly type: string; readonly text: string }[] = []
  #heldBytes = 0

  constructor(id: number, remote: string, outbox: Outbox, around: Surroundings) {
    this.id = id
    this.remote = remote
    this.#outbox = outbox
    this.#around = around
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
    return !this.#isStalled && !this.#isDeaf
  }

  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes + this.#heldBytes
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
    else this.#subscriptions.take(text)
    this.flush()
  }

  /** Hands one frame to the socket, or does to it what is planned. */
  send(envelope: Envelope): void {
    if (!this.isOpen || this.#isDeaf) return
    const frame = { type: envelope.type, text: encodeFrame(envelope, this.#around.nowMs()) }
    if (envelope.sid !== undefined && envelope.seq !== undefined) this.#lastSeq[envelope.sid] = envelope.seq
    this.#made++
    const isMarketData = envelope.sid !== undefined && envelope.type !== 'ok' && envelope.type !== 'error'
    const fault = this.#around.faults.faultOf(this.id, this.#made, isMarketData)
    if (fault === undefined) this.#hand(frame)
    else for (const each of spoil(frame, fault)) this.#hand(each)
    this.#keepInBounds(envelope.sid)
  }

  /** Sends a text of the caller's making, counted as `raw`. */
  sendRaw(text: string): void {
    if (!this.isOpen || this.#isDeaf) return
    this.#hand({ type: 'raw', text })
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

  /** Holds every frame back until {@link resume}; frames held are not counted yet. */
  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    const held = this.#held
    this.#held = []
    this.#heldBytes = 0
    for (const frame of held) this.#hand(frame)
    this.flush()
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
    this.#held = []
    this.#heldBytes = 0
  }

  report(): ConnectionReport {
    return {
      id: this.id,
      remote: this.remote,
      frames: { ...this.#frames },
      total: this.#total,
      last_seq: { ...this.#lastSeq },
      use_yes_price: this.#subscriptions.useYesPrice,
      open: this.isOpen,
    }
  }

  #hand(frame: { readonly type: string; readonly text: string }): void {
    if (this.#isStalled) {
      this.#held.push(frame)
      this.#heldBytes += frame.text.length
      return
    }
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
