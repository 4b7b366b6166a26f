/**
 * One client: what it wants to hear of, and everything that is sent to it, numbered from 1.
 *
 * A book reaches it as a snapshot and then every change after it. A snapshot that is owed waits until the client has read
 * what it was sent, and changes of that book are held back until then, since the snapshot will have them; a book that the
 * client had until then is said to be behind. A client that does
 * not read is closed with 4008 and its last position; what is held for it is bounded, and nobody else waits for it.
 */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { formatPosition, type Position } from '#domain'
import { Interest } from './interest.ts'
import type { WsLimits } from './limits.ts'
import { encodePlain } from './messages.ts'
import { Outbox } from './outbox.ts'
import { type Channel, parseCommand, type WsCommand, type WsFault } from './parse-command.ts'

/** Too slow: our own code, in the range that RFC 6455 leaves to applications. */
export const CLOSE_SLOW = 4008
const CLOSE_POLICY = 1008
const CLOSE_GOING_AWAY = 1001

export type ClientEnd = { readonly why: 'slow' | 'strikes' | 'silent' | 'left'; readonly unreadBytes: number }

export type ClientParts = {
  readonly limits: WsLimits
  /** Every market that there is now, for `all`. */
  readonly tickers: () => Iterable<string>
  readonly isKnown: (ticker: string) => boolean
  /** Snapshots may be owed now. */
  readonly onSubscribed: () => void
  /** Told when it is given up, and with `left` when its socket is closed. */
  readonly onEnd: (client: WsClient, end: ClientEnd) => void
}

export class WsClient {
  readonly books = new Interest()
  readonly trades = new Interest()
  readonly stats = new Interest()
  /** Tickers whose snapshot is owed. */
  readonly owed = new Set<string>()
  /** Tickers whose snapshot was sent: changes follow. */
  readonly #live = new Set<string>()
  /** Counted from 1, for logs. */
  readonly id: number
  readonly #webSocket: WebSocket
  readonly #outbox: Outbox
  readonly #parts: ClientParts
  #seq = 0
  #lastPosition: Position | undefined
  #isClosing = false
  #strikes = 0
  #commands = 0
  #secondMs = 0
  #heardMs = performance.now()
  /** Bytes packed at past looks, oldest first: those of the first must have been taken by now. */
  #marks: { readonly atMs: number; readonly pushedBytes: number }[] = []

  constructor(id: number, webSocket: WebSocket, socket: Duplex, parts: ClientParts) {
    this.id = id
    this.#webSocket = webSocket
    this.#parts = parts
    this.#outbox = new Outbox(socket)
    webSocket.on('message', (data: Buffer, isBinary: boolean) => this.#message(data, isBinary))
    webSocket.on('ping', () => this.#takesTurn())
    webSocket.on('pong', () => this.#takesTurn())
    // A frame that breaks the protocol, or is too long: `ws` closes with the code for it.
    webSocket.on('error', () => {})
    webSocket.on('close', () => this.#ended('left'))
  }

  /** Messages sent. */
  get seq(): number {
    return this.#seq
  }

  get bufferedBytes(): number {
    return this.#outbox.bufferedBytes
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Whether changes of this book are sent: its snapshot was. */
  follows(ticker: string): boolean {
    return this.#live.has(ticker)
  }

  /** Whether a snapshot may go out now without making the client slow by itself. */
  get hasRoom(): boolean {
    return this.#outbox.bufferedBytes <= this.#parts.limits.snapshotRoomBytes
  }

  /** The market's snapshot is owed, for the first time or again; its changes are held back until then. */
  owe(ticker: string): void {
    if (!this.books.has(ticker)) return
    this.#live.delete(ticker)
    this.owed.add(ticker)
  }

  /** The market is recorded no longer. Should it come again, its snapshot is sent as the first was. */
  forget(ticker: string): void {
    this.#live.delete(ticker)
    this.owed.delete(ticker)
  }

  /** Tickers whose book was sent, and whose changes follow. */
  get followed(): Iterable<string> {
    return this.#live
  }

  oweAll(): void {
    for (const ticker of this.books.all ? this.#parts.tickers() : this.books.tickers) this.owe(ticker)
  }

  /** Sends snapshots that are owed, as far as there is room. `encode`: `undefined` for a market that is not there yet. */
  sendOwed(position: Position, encode: (ticker: string) => Buffer | undefined): void {
    const { snapshotsPerTurnMax } = this.#parts.limits
    let sent = 0
    for (const ticker of this.owed) {
      if (sent >= snapshotsPerTurnMax || !this.hasRoom || this.#isClosing) return
      this.owed.delete(ticker)
      const tail = encode(ticker)
      if (tail === undefined) continue
      this.#live.add(ticker)
      this.pushData(tail, position)
      sent++
    }
  }

  /** A message about data as it is at a position. */
  pushData(tail: Buffer, position: Position): void {
    if (this.#isClosing) return
    this.#lastPosition = position
    this.push(tail)
  }

  push(tail: Buffer): void {
    if (this.#isClosing) return
    this.#outbox.push(++this.#seq, tail)
    if (this.#outbox.bufferedBytes > this.#parts.limits.unreadBytesMax) this.#cut()
  }

  flush(): void {
    if (!this.#isClosing) this.#outbox.flush()
  }

  /** Looks after the client: called about every second. */
  tick(nowMs: number): void {
    if (this.#isClosing) return
    const { unreadMsMax, silenceMsMax } = this.#parts.limits
    const taken = this.#outbox.pushedBytes - this.#outbox.bufferedBytes
    while (this.#marks.length > 0 && this.#marks[0]!.pushedBytes <= taken) this.#marks.shift()
    if (this.#marks.length > 0 && nowMs - this.#marks[0]!.atMs > unreadMsMax) {
      this.#cut()
      return
    }
    this.#marks.push({ atMs: nowMs, pushedBytes: this.#outbox.pushedBytes })
    if (nowMs - this.#heardMs > silenceMsMax) {
      this.#ended('silent')
      this.#webSocket.terminate()
    }
  }

  ping(): void {
    if (!this.#isClosing) this.#webSocket.ping()
  }

  /** The service ends. */
  goAway(): void {
    this.#close(CLOSE_GOING_AWAY, 'the service ends')
  }

  terminate(): void {
    this.#webSocket.terminate()
  }

  #cut(): void {
    const unreadBytes = this.#outbox.bufferedBytes
    this.#close(
      CLOSE_SLOW,
      JSON.stringify({ position: this.#lastPosition === undefined ? null : formatPosition(this.#lastPosition) }),
    )
    this.#parts.onEnd(this, { why: 'slow', unreadBytes })
  }

  #close(code: number, reason: string): void {
    if (this.#isClosing) return
    this.#outbox.flush()
    this.#isClosing = true
    this.#webSocket.close(code, reason)
    // It may not read that either; what is held for it is let go then.
    setTimeout(() => this.#webSocket.terminate(), this.#parts.limits.closeMsMax).unref()
  }

  #ended(why: ClientEnd['why']): void {
    this.#isClosing = true
    this.#parts.onEnd(this, { why, unreadBytes: this.#outbox.bufferedBytes })
  }

  /** Counts a message, ping or pong. Answers whether there were not too many in a second. */
  #takesTurn(): boolean {
    const nowMs = performance.now()
    this.#heardMs = nowMs
    if (nowMs - this.#secondMs >= 1_000) {
      this.#secondMs = nowMs
      this.#commands = 0
    }
    this.#commands++
    const { commandsPerSecondMax } = this.#parts.limits
    if (this.#commands > 10 * commandsPerSecondMax) this.#close(CLOSE_POLICY, 'too many messages')
    return this.#commands <= commandsPerSecondMax
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#isClosing) return
    const { commandsPerSecondMax, commandTickersMax } = this.#parts.limits
    if (!this.#takesTurn()) {
      const message = `at most ${commandsPerSecondMax} commands a second are taken: wait a second`
      this.#refuse({ cmd: 'fault', id: null, code: 'FLOW_WS_RATE', message })
    } else if (isBinary) {
      this.#refuse({ cmd: 'fault', id: null, code: 'FLOW_WS_JSON', message: 'found a binary message, needed text' })
    } else {
      const command = parseCommand(data.toString('utf8'), commandTickersMax)
      if (command.cmd === 'fault') this.#refuse(command)
      else this.#perform(command)
    }
    this.flush()
  }

  #perform(command: WsCommand): void {
    const { cmd, id, channels, tickers } = command
    const refusal = cmd === 'subscribe' ? this.#overLimit(command) : this.#notSingly(command)
    if (refusal !== undefined) {
      this.#refuse(refusal)
      return
    }
    for (const channel of channels) {
      if (cmd === 'subscribe') this.#subscribe(channel, tickers)
      else this.#unsubscribe(channel, tickers)
    }
    const unknown = tickers === 'all' ? [] : tickers.filter((each) => !this.#parts.isKnown(each))
    const told = { channels, market_tickers: tickers, ...(cmd === 'subscribe' ? { unknown } : {}) }
    this.push(encodePlain(cmd === 'subscribe' ? 'subscribed' : 'unsubscribed', told, id))
    if (this.owed.size > 0) this.#parts.onSubscribed()
  }

  #interestOf(channel: Channel): Interest {
    return channel === 'orderbook' ? this.books : channel === 'trade' ? this.trades : this.stats
  }

  #subscribe(channel: Channel, tickers: readonly string[] | 'all'): void {
    const interest = this.#interestOf(channel)
    if (tickers === 'all') interest.all = true
    else for (const each of tickers) interest.tickers.add(each)
    if (channel !== 'orderbook') return
    // What is followed already goes on as it is: its changes have come without a hole.
    for (const each of tickers === 'all' ? this.#parts.tickers() : tickers) if (!this.#live.has(each)) this.owe(each)
  }

  #unsubscribe(channel: Channel, tickers: readonly string[] | 'all'): void {
    const interest = this.#interestOf(channel)
    if (tickers === 'all') interest.clear()
    else for (const each of tickers) interest.tickers.delete(each)
    if (channel !== 'orderbook') return
    for (const each of tickers === 'all' ? [...this.#live, ...this.owed] : tickers) {
      this.#live.delete(each)
      this.owed.delete(each)
    }
  }

  #overLimit({ id, channels, tickers }: WsCommand): WsFault | undefined {
    const { tickersMax } = this.#parts.limits
    if (tickers === 'all') return undefined
    const isOver = channels.some((channel) => {
      const { tickers: known } = this.#interestOf(channel)
      // Those that it has already take no room.
      return known.size + tickers.filter((each) => !known.has(each)).length > tickersMax
    })
    if (!isOver) return undefined
    const message = `a client may name ${tickersMax} tickers on a channel: unsubscribe some, or subscribe to "all"`
    return { cmd: 'fault', id, code: 'FLOW_WS_LIMIT', message }
  }

  #notSingly({ id, channels, tickers }: WsCommand): WsFault | undefined {
    if (tickers === 'all' || !channels.some((each) => this.#interestOf(each).all)) return undefined
    const message = 'the channel is subscribed for "all": unsubscribe "all", then subscribe to those wanted'
    return { cmd: 'fault', id, code: 'FLOW_WS_PARAMS', message }
  }

  #refuse({ id, code, message }: WsFault): void {
    this.push(encodePlain('error', { code, message }, id))
    if (++this.#strikes < this.#parts.limits.strikesMax) return
    this.#close(CLOSE_POLICY, `${this.#strikes} commands were refused, the last with ${code}`)
    this.#parts.onEnd(this, { why: 'strikes', unreadBytes: 0 })
  }
}
