/**
 * Requests made from the OpenAPI document: well-formed ones by their schemas, and hostile ones that break each rule in
 * some way. A seed makes the same requests again.
 */
import { connect } from 'node:net'
import { AnswerCheck, type Document, type JsonSchema, type Operation, operationsOf } from './document.ts'
import { ADMIN, type Answer, clientOf } from './service.ts'

export type GeneratedRun = {
  readonly requests: number
  readonly byStatus: Readonly<Record<string, number>>
  /** What must not be: server faults, answers that the document does not declare, connections that hung. */
  readonly faults: readonly string[]
}

type Options = {
  readonly url: string
  readonly document: Document
  readonly tickers: readonly string[]
  readonly seed: number
  readonly forMs: number
  readonly concurrency: number
}

export async function sendGenerated({
  url,
  document,
  tickers,
  seed,
  forMs,
  concurrency,
}: Options): Promise<GeneratedRun> {
  const pick = new Pick(seed)
  const make = new RequestMaker(pick, tickers)
  const operations = operationsOf(document)
  const check = new AnswerCheck(document)
  const { ask } = clientOf(url)
  const port = Number(new URL(url).port)
  const byStatus: Record<string, number> = {}
  const faults: string[] = []
  const untilMs = performance.now() + forMs
  let requests = 0

  const judge = (what: string, answer: Answer, operation: Operation | undefined) => {
    byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1
    make.learn(answer)
    const isHealth = answer.status === 503 && what.includes(' /rl/health')
    if (answer.status >= 500 && !isHealth) faults.push(`${what}: ${answer.status} ${answer.text.slice(0, 300)}`)
    if (/node_modules|\.ts:\d+|Error: /.test(answer.text.slice(0, 2_000)))
      faults.push(`${what}: tells of our inside: ${answer.text.slice(0, 300)}`)
    // What is refused before the route is known is not declared by the route.
    const isDeclared = operation !== undefined && answer.text !== '' && ![404, 405, 408, 431].includes(answer.status)
    const fault = isDeclared ? check.fault(operation.method, operation.path, answer) : undefined
    if (fault !== undefined) faults.push(`${what}: ${fault}`)
  }
  const worker = async () => {
    while (performance.now() < untilMs && faults.length < 20) {
      const operation = pick.of(operations)
      requests++
      try {
        if (pick.chance(0.04)) {
          byStatus['raw'] = (byStatus['raw'] ?? 0) + 1
          await sendRaw(port, make.rawBytes(operation))
          continue
        }
        const isHostile = pick.chance(0.6)
        const request = isHostile ? make.hostile(operation) : make.valid(operation)
        const { path, method, headers, body } = request
        const answer = await withLimit(ask(path, { method, headers, ...(body === undefined ? {} : { body }) }))
        const isSame = method === operation.method && path.split('?')[0] === operation.path
        judge(`${method} ${path.slice(0, 200)} ${body?.slice(0, 200) ?? ''}`, answer, isSame ? operation : undefined)
      } catch (error) {
        // The client refuses to send some of it, and the service may cut a connection in the middle of a body.
        const { code = '' } = error as NodeJS.ErrnoException
        byStatus[code] = (byStatus[code] ?? 0) + 1
        if (!EXPECTED.has(code)) faults.push(`${operation.method} ${operation.path}: ${String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { requests, byStatus, faults }
}

const EXPECTED = new Set([
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_INVALID_CHAR',
  'ERR_HTTP_INVALID_HEADER_VALUE',
  'ERR_INVALID_HTTP_TOKEN',
  // A HEAD with a body: its rest is no request, and the answer to that has a body.
  'HPE_CLOSED_CONNECTION',
  'ECONNRESET',
  'EPIPE',
])
const ANSWER_MS_MAX = 12_000

async function withLimit<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer within ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX)
  })
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

type Made = {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: string
}

class RequestMaker {
  readonly #pick: Pick
  readonly #tickers: readonly string[]
  readonly #cursors: string[] = []

  constructor(pick: Pick, tickers: readonly string[]) {
    this.#pick = pick
    // Names that are not there come from a short list, so that subscribing to them ends somewhere.
    this.#tickers = [...tickers, ...tickers, 'KXNOPE-1', 'KXNOPE-2', '~', 'a.b-c']
  }

  /** Cursors are handed back, as a client would. */
  learn({ body }: Answer): void {
    const cursor = body?.next_cursor
    if (typeof cursor !== 'string') return
    this.#cursors.push(cursor)
    if (this.#cursors.length > 50) this.#cursors.shift()
  }

  valid({ method, path, parameters = [], requestBody }: Operation): Made {
    const query = parameters
      .filter(({ required }) => required === true || this.#pick.chance(0.5))
      .map(({ name, schema }) => `${name}=${encodeURIComponent(String(this.#value(name, schema)))}`)
    const schema = requestBody?.content?.['application/json']?.schema
    const body = schema === undefined ? undefined : JSON.stringify(this.#value('', schema))
    return {
      method,
      path: query.length === 0 ? path : `${path}?${query.join('&')}`,
      headers: { authorization: `Bearer ${ADMIN}` },
      ...(body === undefined ? {} : { body }),
    }
  }

  hostile(operation: Operation): Made {
    const made = this.valid(operation)
    const { path, method, headers, body } = made
    const separator = path.includes('?') ? '&' : '?'
    const name = this.#pick.of([...(operation.parameters ?? []).map((each) => each.name), ...NAMES])
    const value = this.#pick.of(TEXTS)
    const ways: (() => Made)[] = [
      () => ({ ...made, path: `${path}${separator}${name}=${encodeURIComponent(value)}` }),
      () => ({ ...made, path: `${path}${separator}${name}=${this.#pick.of(RAW_QUERIES)}` }),
      () => ({ ...made, path: `${path}${separator}${name}[${value.length}]=1&${name}[x]=2` }),
      () => ({
        ...made,
        path: `${path}${separator}${Array.from({ length: this.#pick.upTo(400) }, () => `${name}=1`).join('&')}`,
      }),
      () => ({ ...made, path: `${path}${this.#pick.of(PATH_ENDS)}` }),
      () => ({ ...made, path: `${path}${separator}${'x'.repeat(this.#pick.upTo(12_000))}` }),
      () => ({ ...made, method: this.#pick.of(METHODS) }),
      () => ({ ...made, headers: { authorization: this.#pick.of(TOKENS) } }),
      () => ({ ...made, headers: { ...headers, host: this.#pick.of(HOSTS) } }),
      () => ({ ...made, headers: { ...headers, [this.#pick.of(HEADERS)]: this.#pick.of(HEADER_TEXTS) } }),
      () => ({ ...made, method: 'POST', body: this.#pick.of(BODIES)() }),
      () => ({ ...made, body: this.#pick.of(BODIES)(), headers: { ...headers, 'content-type': this.#pick.of(TYPES) } }),
    ]
    if (body !== undefined)
      ways.push(
        () => ({ ...made, body: body.slice(0, this.#pick.upTo(body.length)) }),
        () => ({ ...made, body: body + value }),
      )
    const way = this.#pick.of(ways)()
    return method === 'GET' && way.method === 'GET' && way.body === undefined ? { ...way } : way
  }

  /** Bytes for a socket: cut off, pipelined, or no HTTP at all. */
  rawBytes(operation: Operation): string {
    const { path, method } = this.valid(operation)
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ADMIN}\r\n`
    return this.#pick.of([
      head,
      `${head}\r\n`.repeat(20),
      `${head}Content-Length: 5\r\n\r\n{`,
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
      `${head}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      `${head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 1\r\n\r\n`,
      `${head}Expect: 100-continue\r\n\r\n`,
      `${head}X-Y: ${'z'.repeat(20_000)}\r\n\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\0\xff\xfe\x16\x03\x01',
      `CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    ])
  }

  #value(name: string, schema: JsonSchema): unknown {
    const pick = this.#pick
    if (name === 'cursor') return this.#cursors.length > 0 ? pick.of(this.#cursors) : 'W10'
    if (schema.enum !== undefined) return pick.of(schema.enum)
    if (schema.properties !== undefined) {
      const names = Object.keys(schema.properties).filter(
        (each) => schema.required?.includes(each) === true || pick.chance(0.5),
      )
      return Object.fromEntries(names.map((each) => [each, this.#value(each, schema.properties![each]!)]))
    }
    switch (schema.type) {
      case 'integer':
        return pick.of([
          schema.minimum ?? 0,
          schema.maximum ?? 100,
          (schema.minimum ?? 0) + pick.upTo((schema.maximum ?? 100) - (schema.minimum ?? 0)),
        ])
      case 'boolean':
        return pick.chance(0.5)
      case 'array':
        return Array.from({ length: Math.max(schema.minItems ?? 0, 1 + pick.upTo(4)) }, () =>
          this.#value(name.replace(/s$/, ''), schema.items ?? {}),
        )
      default:
        return name === 'market_ticker'
          ? pick.of(this.#tickers)
          : pick.of(['KXDEMO', 'rain', 'disconnect', 'a', 'sequence_break'])
    }
  }
}

const NAMES = ['__proto__', 'constructor', 'toString', 'x', '', 'token', 'limit', 'cursor', 'depth', 'market_ticker']
const TEXTS = [
  '',
  ' ',
  '-1',
  '0',
  '1e999',
  'NaN',
  '0x10',
  '99999999999999999999',
  '٣',
  'null',
  'undefined',
  'true',
  '[]',
  '{}',
  "' OR 1=1 --",
  '"; DROP TABLE rl_gaps; --',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '\0',
  '\u202e',
  '😀'.repeat(50),
  ','.repeat(2_000),
  'A,'.repeat(1_500),
  'x'.repeat(7_000),
  '%',
  Buffer.from('[1e308,1e308,"x"]').toString('base64url'),
  Buffer.from('[null,null]').toString('base64url'),
  Buffer.from('[-5,"\\u0000"]').toString('base64url'),
  Buffer.from('[3.5,-1,"x\\u0000y"]').toString('base64url'),
]
const RAW_QUERIES = ['%', '%ff', '%00', '%u0041', '+', '&&&&', '=', '?', ';', '%E0%A4%A']
const PATH_ENDS = [
  '/',
  '//',
  '/../admin/flush',
  '%2f..',
  '/%00',
  '/%ff',
  ';x=1',
  '/x/y/z',
  '.json',
  '*',
  '?'.repeat(50),
]
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH']
const TOKENS = ['', 'Bearer', 'Bearer x', `Basic ${ADMIN}`, ADMIN, `Bearer ${ADMIN}`.repeat(100), `Bearer ${ADMIN}\t`]
const HOSTS = ['evil.example', '', 'localhost', '127.0.0.1:1', '[::1', 'a'.repeat(300), 'localhost@evil']
const HEADERS = [
  'content-type',
  'content-length',
  'transfer-encoding',
  'accept',
  'accept-encoding',
  'origin',
  'cookie',
  'range',
  'if-none-match',
  'x-forwarded-for',
  'forwarded',
  'expect',
  'upgrade',
  'x-http-method-override',
]
const HEADER_TEXTS = [
  '',
  '*/*',
  '-1',
  '0',
  'gzip',
  'bytes=0-1',
  'https://evil.example',
  'null',
  '127.0.0.1',
  'x'.repeat(4_000),
  '100-continue',
  'websocket',
  'application/json',
]
const TYPES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=utf-16',
  '',
  'a/b/c',
  'application/xml',
]
const BODIES: readonly (() => string)[] = [
  () => '',
  () => '{',
  () => 'null',
  () => '[]',
  () => '"x"',
  () => '{}',
  () => '{"market_tickers":null}',
  () => '{"market_tickers":[null]}',
  () => '{"market_tickers":[{"a":1}]}',
  () => '{"market_tickers":["a b"]}',
  () => '{"market_tickers":{"length":5}}',
  () => '{"__proto__":{"x":1},"market_tickers":["A"]}',
  () => '{"constructor":{"prototype":{}}}',
  () => `{"market_tickers":[${'"A",'.repeat(5_000)}"A"]}`,
  () => '['.repeat(30_000),
  () => `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
  () => 'x'.repeat(70_000),
  () => '\u0000\u0001',
]

/** Sends the bytes, waits a moment, and lets go: what comes back is not looked at. */
function sendRaw(port: number, bytes: string): Promise<void> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    const timer = setTimeout(() => socket.destroy(), 30)
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      done()
    })
    socket.resume()
  })
}

/** Chance by a seed (mulberry32). */
class Pick {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  /** 0 … most. */
  upTo(most: number): number {
    return Math.floor(this.next() * (most + 1))
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.upTo(items.length - 1)]!
  }
}
