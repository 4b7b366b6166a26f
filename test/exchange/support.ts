/**
 * A client of the exchange for tests: the plain `ws` library, its own signing, and books as plain Maps.
 *
 * The model shares nothing with the exchange but the wire: it is what a reader of the protocol would write first.
 */
import { constants, createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import WebSocket from 'ws'
import { type ExchangeOptions, generateKeyPem, type RunningExchange, startExchange } from '#exchange'

export const DEMO_CAPTURE = join(import.meta.dirname, '..', '..', 'captures', 'demo.jsonl.gz')

export type Frame = {
  readonly type: string
  readonly id?: number
  readonly sid?: number
  readonly seq?: number
  // biome-ignore lint/suspicious/noExplicitAny: a frame is whatever was sent; tests look at what they expect.
  readonly msg?: any
  readonly sending_ts_ms?: number
}

/** One key for all tests: making an RSA key takes a tenth of a second. */
const KEY = generateKeyPem('ed25519')

/** An exchange on a free port. Its clock does not start by itself unless the test asks for it. */
export const openExchange = async (options: Partial<ExchangeOptions> = {}): Promise<RunningExchange> =>
  startExchange({ port: 0, capture: DEMO_CAPTURE, keyPem: await KEY, ...options })

/** For tests of commands, where nothing should be played. */
export const NEVER_STARTS = { startAfterMarkets: 1_000_000 } as const

export function signedHeaders(pem: string, nowMs = Date.now(), text = 'GET/trade-api/ws/v2'): Record<string, string> {
  const key = createPrivateKey(pem)
  const signed = Buffer.from(`${nowMs}${text}`)
  const signature =
    key.asymmetricKeyType === 'ed25519'
      ? sign(null, signed, key)
      : sign('sha256', signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
  return {
    'KALSHI-ACCESS-KEY': 'any-key-id',
    'KALSHI-ACCESS-TIMESTAMP': String(nowMs),
    'KALSHI-ACCESS-SIGNATURE': signature.toString('base64'),
  }
}

export class Client {
  readonly frames: Frame[] = []
  readonly texts: string[] = []
  readonly pings: string[] = []
  readonly socket: WebSocket
  closed: { readonly code: number } | undefined
  #wake: () => void = () => undefined

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (bytes) => {
      const text = String(bytes)
      this.texts.push(text)
      this.frames.push(parse(text))
      this.#wake()
    })
    socket.on('ping', (body) => {
      this.pings.push(String(body))
      this.#wake()
    })
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      this.closed = { code }
      this.#wake()
    })
  }

  send(command: unknown): void {
    this.socket.send(typeof command === 'string' ? command : JSON.stringify(command))
  }

  /** Sends a command with an id and resolves to the first frame that answers it. */
  async ask(command: { readonly id: number; readonly cmd: string; readonly params?: unknown }): Promise<Frame> {
    this.send(command)
    return this.seen((frame) => frame.id === command.id)
  }

  /** The first frame that fits; rejects after five seconds. */
  async seen(fits: (frame: Frame) => boolean): Promise<Frame> {
    await this.until(() => this.frames.some(fits))
    return this.frames.find(fits) as Frame
  }

  /** Waits for a claim to hold, looked at after each frame, ping and close. */
  async until(holds: () => boolean, timeoutMs = 5000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!holds()) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0)
        throw new Error(`not seen in ${timeoutMs} ms; ${this.frames.length} frames, last ${this.texts.at(-1)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(leftMs, 20))
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  close(): void {
    this.socket.terminate()
  }
}

export async function connect(exchange: RunningExchange): Promise<Client> {
  const socket = openSocket(exchange, signedHeaders(exchange.keyPem))
  const client = new Client(socket)
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return client
}

export const openSocket = (exchange: RunningExchange, headers: Record<string, string>): WebSocket =>
  new WebSocket(exchange.url, { perMessageDeflate: false, headers })

export const subscribe = (tickers: readonly string[], useYesPrice = false, channels = ['orderbook_delta']) => ({
  id: 1,
  cmd: 'subscribe',
  params: { channels, market_tickers: tickers, use_yes_price: useYesPrice },
})

/** Every number of every sid follows the one before it. */
export function breaksOf(frames: readonly Frame[]): string[] {
  const last = new Map<number, number>()
  const breaks: string[] = []
  for (const { sid, seq, type } of frames) {
    if (sid === undefined || seq === undefined) continue
    const expected = (last.get(sid) ?? 0) + 1
    if (seq !== expected) breaks.push(`${type} of sid ${sid}: seq ${seq} after ${expected - 1}`)
    last.set(sid, seq)
  }
  return breaks
}

export type Books = Map<string, { readonly yes: Map<string, bigint>; readonly no: Map<string, bigint> }>

/** Applies snapshots and deltas, in order. Prices stay text, sizes are hundredths; `yesPrices` says how NO was sent. */
export function foldBooks(frames: readonly Frame[], yesPrices = false): Books {
  const books: Books = new Map()
  const price = (side: string, text: string) =>
    side === 'no' && yesPrices ? (10_000 - Math.round(Number(text) * 10_000)) / 10_000 : Number(text)
  const keyed = (side: string, text: string) => price(side, text).toFixed(4)
  for (const { type, msg } of frames) {
    if (type === 'orderbook_snapshot') {
      const side = (name: 'yes' | 'no') =>
        new Map<string, bigint>(
          (msg[`${name}_dollars_fp`] ?? []).map(([at, size]: [string, string]) => [keyed(name, at), hundredths(size)]),
        )
      books.set(msg.market_ticker, { yes: side('yes'), no: side('no') })
    }
    if (type !== 'orderbook_delta') continue
    const book = books.get(msg.market_ticker)
    if (book === undefined) throw new Error(`a delta of ${msg.market_ticker} before its snapshot`)
    const ladder = book[msg.side as 'yes' | 'no']
    const at = keyed(msg.side, msg.price_dollars)
    const size = (ladder.get(at) ?? 0n) + hundredths(msg.delta_fp)
    if (size < 0n) throw new Error(`less than nothing at ${at} ${msg.side} of ${msg.market_ticker}`)
    if (size === 0n) ladder.delete(at)
    else ladder.set(at, size)
  }
  return books
}

/** A book as text that compares: levels in ascending price. */
export const picture = (books: Books, ticker: string): string => {
  const book = books.get(ticker)
  if (book === undefined) return 'no book'
  const side = (ladder: Map<string, bigint>) => [...ladder].sort(([a], [b]) => Number(a) - Number(b)).join(' ')
  return `yes ${side(book.yes)}\nno ${side(book.no)}`
}

/** The frames of a capture, up to and with the first that has `untilSeq`. */
export function readFrames(path: string, untilSeq?: number): Frame[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const frames: Frame[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const frame = parse((JSON.parse(line) as { raw: string }).raw)
    frames.push(frame)
    if (untilSeq !== undefined && frame.seq === untilSeq) break
  }
  return frames
}

const hundredths = (text: string): bigint => BigInt(text.replace('.', ''))

function parse(text: string): Frame {
  try {
    return JSON.parse(text)
  } catch {
    return { type: 'no JSON' }
  }
}
