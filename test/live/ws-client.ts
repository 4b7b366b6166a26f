/** A client of /rl/ws that folds what it hears with a plain map, and complains of anything out of order. */
import { WebSocket } from 'ws'
import { until } from '../support/recording.ts'

export type WsMessage = {
  readonly seq: number
  readonly type: string
  readonly id?: number | null
  readonly position?: string
  readonly msg: { readonly [field: string]: unknown }
}

type Sides = Record<'yes' | 'no', Map<string, string>>
type Delta = { readonly market_ticker: string; side: 'yes' | 'no'; price_dollars: string; size_after_fp: string }
export type Levels = Record<'yes' | 'no', readonly (readonly [string, string])[]>

export class WsTestClient {
  readonly webSocket: WebSocket
  readonly books = new Map<string, Sides>()
  readonly validity = new Map<string, boolean>()
  readonly counts: Record<string, number> = {}
  /** Everything, when asked to keep it. */
  readonly kept: WsMessage[] = []
  /** From the recorder's socket to here, ms. */
  readonly latencies: number[] = []
  readonly faults: string[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  seq = 0
  position = ''
  #keeps: (message: WsMessage) => boolean

  constructor(
    url: string,
    options: { keeps?: (message: WsMessage) => boolean; headers?: Record<string, string> } = {},
  ) {
    this.#keeps = options.keeps ?? (() => true)
    this.webSocket = new WebSocket(url, { perMessageDeflate: false, headers: options.headers ?? {} })
    this.webSocket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as WsMessage))
    this.webSocket.on('error', () => {})
    this.closed = new Promise((done) =>
      this.webSocket.on('close', (code, reason) => done({ code, reason: reason.toString() })),
    )
  }

  /** Connects and waits for the hello. */
  static async open(...parameters: ConstructorParameters<typeof WsTestClient>): Promise<WsTestClient> {
    const client = new WsTestClient(...parameters)
    await until('the service says hello', () => client.seq > 0)
    return client
  }

  send(command: object): void {
    this.webSocket.send(JSON.stringify(command))
  }

  subscribe(channels: readonly string[], tickers: readonly string[] | 'all', id = 1): void {
    this.send({ id, cmd: 'subscribe', params: { channels, market_tickers: tickers } })
  }

  unsubscribe(channels: readonly string[], tickers: readonly string[] | 'all', id = 2): void {
    this.send({ id, cmd: 'unsubscribe', params: { channels, market_tickers: tickers } })
  }

  of(type: string): WsMessage[] {
    return this.kept.filter((each) => each.type === type)
  }

  levels(ticker: string): Levels | undefined {
    const book = this.books.get(ticker)
    return book === undefined ? undefined : { yes: sorted(book.yes), no: sorted(book.no) }
  }

  #take(message: WsMessage): void {
    if (message.seq !== this.seq + 1) this.faults.push(`seq ${message.seq} after ${this.seq}`)
    this.seq = message.seq
    this.counts[message.type] = (this.counts[message.type] ?? 0) + 1
    if (message.position !== undefined) {
      if (isBefore(message.position, this.position))
        this.faults.push(`position ${message.position} after ${this.position}`)
      this.position = message.position
    }
    if (message.type === 'orderbook_snapshot') this.#snapshot(message.msg)
    if (message.type === 'orderbook_delta') this.#delta(message.msg as unknown as Delta)
    if (message.type === 'orderbook_validity')
      this.validity.set(message.msg['market_ticker'] as string, message.msg['valid'] as boolean)
    const received = message.msg['received_ms']
    if (typeof received === 'number') this.latencies.push(performance.timeOrigin + performance.now() - received)
    if (this.#keeps(message)) this.kept.push(message)
  }

  #snapshot(msg: WsMessage['msg']): void {
    const ticker = msg['market_ticker'] as string
    const { yes_dollars: yes, no_dollars: no } = msg as unknown as Record<string, [string, string][]>
    this.books.set(ticker, { yes: new Map(yes), no: new Map(no) })
    this.validity.set(ticker, msg['valid'] as boolean)
  }

  #delta({ market_ticker: ticker, side, price_dollars: price, size_after_fp: size }: Delta): void {
    const book = this.books.get(ticker)
    if (book === undefined) this.faults.push(`a delta of ${ticker} without a snapshot`)
    else if (size === '0.00') book[side].delete(price)
    else book[side].set(price, size)
  }
}

export const isBefore = (a: string, b: string): boolean => {
  const [[segment = 0, offset = 0], [otherSegment = 0, otherOffset = 0]] = [a, b].map((each) =>
    each.split(':').map(Number),
  ) as [number[], number[]]
  return b !== '' && (segment < otherSegment || (segment === otherSegment && offset < otherOffset))
}

const sorted = (side: Map<string, string>) => [...side].sort(([a], [b]) => (a < b ? -1 : 1))

export const percentile = (values: readonly number[], share: number): number => {
  const ordered = [...values].sort((a, b) => a - b)
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN
}
