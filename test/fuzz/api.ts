/**
 * Requests and WebSocket messages of anybody's making, over real sockets to a service over a real recorder. Held: each
 * connection is answered or closed within its time, no answer is a 500, and the service answers a plain question after.
 */
import { connect, type Socket } from 'node:net'
import type { SeededRandom } from '#journal'
import { ADMIN, type Service } from '../api/service.ts'
import { type FuzzTarget, must } from './fuzz-target.ts'
import { serveForFuzz } from './fuzzed-service.ts'
import { mutateBytes, mutateJson, oneOf } from './mutate.ts'

/** What the limits of the service allow a request to last, and some for a machine that is busy. */
const ANSWER_MS_MAX = 20_000
const ALIVE_EVERY = 200

export const api: FuzzTarget = {
  name: 'api',
  caseMsMax: 30_000,
  together: 32,
  async open() {
    const service = await serveForFuzz()
    const { hostname, port } = new URL(service.api.url)
    const corpus = requestsOf(service, `${hostname}:${port}`)
    const others = corpus.map((text) => Buffer.from(text))
    let cases = 0
    let last: Uint8Array = Buffer.alloc(0)
    return {
      async run(random) {
        const bytes =
          random.below(3) === 0 ? aWebSocket(random, `${hostname}:${port}`) : aRequest(random, corpus, others)
        last = bytes
        if (++cases % ALIVE_EVERY === 0) await expectAlive(service)
        return await send(Number(port), bytes, random)
      },
      lastInput: () => last,
      async close() {
        await expectAlive(service)
        await service.close()
      },
    }
  },
}

function requestsOf({ exchange }: Service, host: string): string[] {
  const ticker = exchange.tickers[0]!
  const paths = [
    '/rl/status',
    '/rl/health',
    '/rl/metrics',
    '/rl/markets?state=valid&limit=5',
    `/rl/orderbook/snapshot?market_tickers=${exchange.tickers.join(',')}&depth=5`,
    `/rl/orderbook/${ticker}`,
    `/rl/markets/${ticker}`,
    '/rl/gaps?limit=10',
    '/rl/sessions',
    '/rl/docs',
    '/rl/docs/openapi.json',
  ]
  const gets = paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
  const body = JSON.stringify({ market_tickers: [ticker] })
  const posts = ['resync', 'flush', 'resume'].map(
    (action) =>
      `POST /rl/admin/${action} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${ADMIN}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
  return [...gets, ...posts]
}

function aRequest(random: SeededRandom, corpus: readonly string[], others: readonly Buffer[]): Buffer {
  const base = oneOf(random, corpus)
  if (random.below(4) === 0) {
    // The query and the path as people get them wrong.
    const odd = oneOf(random, [
      '%',
      '%00',
      '%ff',
      '..%2f',
      '?',
      '&&',
      '=',
      '[]',
      '{}',
      '😀',
      'a'.repeat(9_000),
      '__proto__',
      ';',
      ' ',
    ])
    const at = 4 + random.below(Math.max(1, base.indexOf(' HTTP') - 4))
    return Buffer.from(base.slice(0, at) + odd + base.slice(at))
  }
  return mutateBytes(random, Buffer.from(base), others)
}

const COMMANDS: readonly unknown[] = [
  { id: 1, cmd: 'subscribe', params: { channels: ['orderbook', 'trade'], market_tickers: ['KXDEMO-RAIN-MON'] } },
  { id: 2, cmd: 'unsubscribe', params: { channels: ['trade'], market_tickers: ['KXDEMO-RAIN-MON', 'KXNOPE'] } },
  { id: 3, cmd: 'subscribe', params: { channels: ['stats', 'orderbook'], market_tickers: 'all' } },
  { id: 4, cmd: 'ping' },
]

/** An upgrade and some frames behind it, well-formed or not, masked as a client's must be. */
function aWebSocket(random: SeededRandom, host: string): Buffer {
  const upgrade = `GET /rl/ws HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${Buffer.from(random.bytes(16)).toString('base64')}\r\nsec-websocket-version: 13\r\n\r\n`
  const frames = Array.from({ length: random.below(4) }, () => {
    const command = oneOf(random, COMMANDS)
    const text = JSON.stringify(random.below(2) === 0 ? command : mutateJson(random, command)) ?? ''
    const payload = random.below(3) === 0 ? mutateBytes(random, Buffer.from(text)) : Buffer.from(text)
    return wsFrame(random, payload.subarray(0, 60_000))
  })
  const bytes = Buffer.concat([Buffer.from(upgrade), ...frames])
  return random.below(2) === 0 ? bytes : mutateBytes(random, bytes)
}

function wsFrame(random: SeededRandom, payload: Buffer): Buffer {
  const opcode = oneOf(random, [1, 1, 1, 1, 2, 0, 8, 9, 10, 3, 15])
  const mask = random.bytes(4)
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)])
}

/** The first line of the answer, `closed` without one, or `open` for a WebSocket that goes on until we let it go. */
function send(port: number, bytes: Buffer, random: SeededRandom): Promise<string> {
  const half = random.below(4) > 0
  const inPieces = random.below(4) === 0
  return new Promise((done, fail) => {
    let answer = ''
    let socket: Socket
    const overdue = setTimeout(() => {
      socket.destroy()
      fail(
        new Error(
          `no answer and no end within ${ANSWER_MS_MAX} ms: ${JSON.stringify(bytes.toString('latin1').slice(0, 300))}`,
        ),
      )
    }, ANSWER_MS_MAX)
    const finish = (word: string) => {
      clearTimeout(overdue)
      socket.destroy()
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]
      if (status === '500') fail(new Error(`a 500: ${JSON.stringify(bytes.toString('latin1').slice(0, 300))}`))
      else done(status ?? word)
    }
    socket = connect({ port, host: '127.0.0.1' }, () => {
      const write = (part: Buffer) => (half ? socket.end(part) : socket.write(part))
      if (!inPieces) write(bytes)
      else {
        socket.write(bytes.subarray(0, bytes.length >> 1))
        setImmediate(() => write(bytes.subarray(bytes.length >> 1)))
      }
    })
    socket.on('data', (chunk) => {
      if (answer.length < 1_000) answer += chunk.toString('latin1')
      // An answer that is kept alive, or a WebSocket: what was asked is answered.
      if (answer.includes('\r\n\r\n')) setTimeout(() => finish('answered'), 5)
    })
    socket.on('error', () => finish('reset'))
    socket.on('close', () => finish('closed'))
  })
}

async function expectAlive({ get, events }: Service): Promise<void> {
  const { status } = await get('/rl/health/live').then((answer) => (answer.status === 404 ? get('/rl/status') : answer))
  must(status === 200, `the service answers ${status} to a plain question`)
  const failed = events.filter(({ kind }) => kind === 'request_failed')
  must(failed.length === 0, `a request met a fault of ours: ${JSON.stringify(failed[0])}`)
  // They are kept for tests; here they would be what grows.
  events.length = 0
}
