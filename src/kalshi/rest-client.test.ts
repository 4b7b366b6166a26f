import { constants, generateKeyPairSync, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { RestBody } from '#domain'
import { loadKey } from './key.ts'
import { RestClient, type RestClientOptions } from './rest-client.ts'
import { openMarketsByVolume } from './rest-discovery.ts'
import { RestError } from './rest-error.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const WALL_MS = 1_795_348_800_123

/** A real server that gives these answers in turn, the last one for ever, and a client whose waits are told and not made. */
async function aClient(answers: Answer | readonly Answer[], more: Partial<RestClientOptions> = {}) {
  const list = typeof answers === 'function' ? [answers] : answers
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const answer = list[Math.min(requests.length, list.length - 1)]!
    requests.push(request)
    answer(response, request)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const exchanges: RestBody[] = []
  const waits: number[] = []
  let ns = 0
  const client = new RestClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/trade-api/v2/`,
    clock: { monotonicNs: () => ns, wallNs: () => BigInt(WALL_MS) * 1_000_000n },
    random: { unit: () => 0.5 },
    wait: async (ms) => {
      waits.push(ms)
      ns += ms * 1e6
    },
    onExchange: (exchange) => exchanges.push(exchange),
    ...more,
  })
  return { client, requests, exchanges, waits, paths: () => requests.map(({ url }) => url) }
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

const OPEN = { exchange_active: true, trading_active: true, later: [1] }

async function errorOf(action: Promise<unknown>): Promise<RestError> {
  try {
    await action
  } catch (error) {
    if (error instanceof RestError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

it('lets others have the thread between journaling an answer and reading it', async () => {
  let isThreadFree = false
  const onExchange = () => void setImmediate(() => (isThreadFree = true))
  const { client } = await aClient(json(OPEN), { onExchange })
  await client.status()
  expect(isThreadFree).toBe(true)
})

it('tells how far our clock is from the exchange’s, answers out of a cache included, and nothing where no time is told', async () => {
  const told: [number, number][] = []
  const at = (ms: number, more: Record<string, string> = {}) =>
    json(OPEN, 200, { date: new Date(ms).toUTCString(), ...more })
  const answers = [at(WALL_MS - 60_000), at(WALL_MS - 60_000, { age: '60' }), json(OPEN, 200, { date: 'soon' })]
  const { client } = await aClient(answers, { onClock: (...clock) => void told.push(clock) })
  for (const _ of answers) await client.status()
  // The header has whole seconds: its time may be up to one later.
  expect(told).toEqual([
    [60_000 + (WALL_MS % 1000) - 500, 500],
    [(WALL_MS % 1000) - 500, 500],
  ])
})

describe('the REST client', () => {
  it('signs each try afresh over the path without its query, at the time of the wall clock', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { key } = loadKey({ content: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
    const { client, requests } = await aClient([json({}, 503), json({ markets: [] })], { key, keyId: 'my-id' })
    for await (const page of client.marketPages({ status: 'open' }, 1)) expect(page.markets).toEqual([])
    expect(requests).toHaveLength(2)
    for (const { headers } of requests) {
      expect([headers['kalshi-access-key'], headers['kalshi-access-timestamp']]).toEqual(['my-id', String(WALL_MS)])
      const signature = Buffer.from(String(headers['kalshi-access-signature']), 'base64')
      const options = { key: pair.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      expect(verify('sha256', Buffer.from(`${WALL_MS}GET/trade-api/v2/markets`), options, signature)).toBe(true)
    }
    expect(requests[0]!.headers['kalshi-access-signature']).not.toBe(requests[1]!.headers['kalshi-access-signature'])
  })

  it('asks without a signature where there is no key, and refuses half a key', async () => {
    const { client, requests } = await aClient(json(OPEN))
    expect(await client.status()).toMatchObject({
      exchangeActive: true,
      tradingActive: true,
      resumesAt: undefined,
      raw: { later: [1] },
    })
    expect(Object.keys(requests[0]!.headers).filter((name) => name.startsWith('kalshi'))).toEqual([])
    await expect(aClient(json({}), { keyId: 'x' })).rejects.toThrow(TypeError)
  })

  it('pages until the cursor is empty, and no further than it was told', async () => {
    const page = (cursor: string | null) => json({ markets: [{ ticker: `T${cursor}`, status: 'active' }], cursor })
    const { client, paths } = await aClient([page('a'), page('b&c'), page('')])
    const tickers = async (max: number) => {
      const all: string[] = []
      for await (const { markets } of client.marketPages(
        { seriesTicker: 'KXA', combos: 'exclude', tickers: ['A', 'B'] },
        max,
      ))
        all.push(...markets.map(({ ticker }) => ticker))
      return all
    }
    expect(await tickers(9)).toEqual(['Ta', 'Tb&c', 'T'])
    expect(paths()[2]).toBe(
      '/trade-api/v2/markets?limit=1000&series_ticker=KXA&tickers=A%2CB&mve_filter=exclude&cursor=b%26c',
    )
    const bounded = await aClient(Array.from({ length: 9 }, (_, n) => page(`c${n}`)))
    let pages = 0
    for await (const _ of bounded.client.marketPages({}, 3)) pages += 1
    expect([pages, bounded.requests.length]).toEqual([3, 3])
  })

  it('stops when the exchange gives the same cursor again', async () => {
    const { client, requests } = await aClient(json({ markets: [], cursor: 'again' }))
    const all = (async () => {
      for await (const _ of client.marketPages({}, 50));
    })()
    expect((await errorOf(all)).code).toBe('FLOW_REST_MALFORMED')
    expect(requests).toHaveLength(2)
  })

  it('asks for books a hundred at a time and joins them', async () => {
    const answer: Answer = (response, request) => {
      const tickers = new URL(request.url!, 'http://x').searchParams
        .getAll('tickers')
        .filter((ticker) => ticker !== 'T7')
      json({
        orderbooks: tickers.map((ticker) => ({
          ticker,
          orderbook_fp: ticker === 'T8' ? { yes_dollars: [['2', '1']] } : { yes_dollars: [['0.0100', '1.00']] },
        })),
      })(response, request)
    }
    const { client, requests } = await aClient(answer)
    const { books, malformed } = await client.books(Array.from({ length: 230 }, (_, n) => `T${n}`))
    expect([requests.length, books.size, books.has('T7'), malformed.map(({ at }) => at.split('.')[1])]).toEqual([
      3,
      228,
      false,
      ['T8'],
    ])
    expect(books.get('T229')).toEqual({ yes: [[100, 100]], no: [] })
  })

  it('writes any ticker into a path that means that ticker alone', async () => {
    const { client, paths } = await aClient(json({ orderbook_fp: {} }))
    await client.book('A/B?c#d%', { depth: 5 })
    expect(paths()).toEqual(['/trade-api/v2/markets/A%2FB%3Fc%23d%25/orderbook?depth=5'])
  })

  it('tells each HTTP exchange, also those that failed', async () => {
    const { client, exchanges } = await aClient([
      json({ error: 'x' }, 500),
      (response) => response.destroy(),
      json(OPEN),
    ])
    await client.status()
    const path = '/trade-api/v2/exchange/status'
    expect(exchanges).toEqual([
      { method: 'GET', path, status: 500, body: '{"error":"x"}', tookMs: expect.any(Number) },
      { method: 'GET', path, status: 0, error: expect.stringMatching(/^unreachable: /), tookMs: expect.any(Number) },
      { method: 'GET', path, status: 200, body: JSON.stringify(OPEN), tookMs: expect.any(Number) },
    ])
  })

  it('lets an error of the journal through', async () => {
    const { client, requests } = await aClient(json(OPEN), {
      onExchange: () => {
        throw new RangeError('journal full')
      },
    })
    await expect(client.status()).rejects.toThrow('journal full')
    expect(requests).toHaveLength(1)
  })
})

describe('a failed request', () => {
  it.each([[408], [429], [500], [502], [503], [504]])(
    'with status %i is tried four times, with waits that grow and are told',
    async (status) => {
      const told: number[] = []
      const { client, requests, waits } = await aClient(json({}, status), {
        onRetry: ({ waitMs }) => told.push(waitMs),
      })
      expect(await errorOf(client.status())).toMatchObject({ status, tries: 4 })
      expect(requests).toHaveLength(4)
      expect(told).toEqual([500, 1000, 2000])
      expect(waits.filter((ms) => told.includes(ms)).length).toBeGreaterThanOrEqual(3)
    },
  )

  it.each([
    [301, 'FLOW_REST_STATUS'],
    [400, 'FLOW_REST_STATUS'],
    [401, 'FLOW_REST_REFUSED'],
    [403, 'FLOW_REST_REFUSED'],
    [404, 'FLOW_REST_NOT_FOUND'],
    [501, 'FLOW_REST_STATUS'],
  ] as const)('with status %i is not tried again: %s', async (status, code) => {
    const { client, requests } = await aClient(json({}, status, { location: 'http://127.0.0.1:1/' }))
    expect((await errorOf(client.status())).code).toBe(code)
    expect(requests).toHaveLength(1)
  })

  it.each([
    [
      '{"code":"header_timestamp_expired","message":"old"}',
      'header_timestamp_expired',
      /header_timestamp_expired, old.*clock/,
    ],
    [
      '{"error":{"code":"bad_request","message":"bad request","details":"invalid status filter"}}',
      'bad_request',
      /bad request: invalid status filter/,
    ],
    ['{"error":"too many requests"}', undefined, /too many requests/],
    ['<html>\u001b[31mno', undefined, /HTTP 401;/],
    ['null', undefined, /HTTP 401;/],
    ['{"error":{"message":{"a":1}}}', undefined, /HTTP 401;/],
  ])('says what the exchange said: %s', async (body, exchangeCode, message) => {
    const { client } = await aClient((response) => response.writeHead(401).end(body))
    const error = await errorOf(client.status())
    expect(error.exchangeCode).toBe(exchangeCode)
    expect(error.message).toMatch(message)
  })

  it('waits as long as Retry-After asks, and leaves a longer stay to the caller', async () => {
    const short = await aClient([
      json({}, 429, { 'retry-after': '7' }),
      json({}, 503, { 'retry-after': new Date(WALL_MS + 3_877).toUTCString() }),
      json(OPEN),
    ])
    await short.client.status()
    expect(short.waits).toContain(7_000)
    expect(short.waits.some((ms) => ms > 2_000 && ms < 4_000)).toBe(true)
    const long = await aClient(json({}, 429, { 'retry-after': '3600' }))
    expect(await errorOf(long.client.status())).toMatchObject({
      code: 'FLOW_REST_RATE_LIMITED',
      retryAfterMs: 3_600_000,
      tries: 1,
    })
  })

  it('is given up after its time limit, also when the body never ends, and tried again', async () => {
    const limits = { timeoutMs: 60, triesMax: 2 }
    const silent = await aClient(() => {}, { limits })
    expect(await errorOf(silent.client.status())).toMatchObject({ code: 'FLOW_REST_TIMEOUT', status: 0, tries: 2 })
    const endless = await aClient((response) => void response.writeHead(200).write('{"a":'), { limits })
    expect(await errorOf(endless.client.status())).toMatchObject({ code: 'FLOW_REST_TIMEOUT', status: 200, tries: 2 })
  })

  it('with too large a body is cut off, also when it was compressed', async () => {
    const limits = { bodyBytesMax: 10_000 }
    const large = await aClient(json('x'.repeat(20_000)), { limits })
    expect(await errorOf(large.client.status())).toMatchObject({ code: 'FLOW_REST_TOO_LARGE', tries: 1 })
    const bomb = await aClient(
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000, 32))),
      { limits },
    )
    expect((await errorOf(bomb.client.status())).code).toBe('FLOW_REST_TOO_LARGE')
  })

  it('with a body that is not what was promised says where, and is not tried again', async () => {
    for (const body of [
      '',
      'no json',
      '[]',
      'null',
      '{"exchange_active":"yes","trading_active":true}',
      '{"exchange_act',
    ]) {
      const { client, requests } = await aClient((response) => response.end(body))
      expect([body, (await errorOf(client.status())).code, requests.length]).toEqual([body, 'FLOW_REST_MALFORMED', 1])
    }
  })

  it('to nobody is unreachable', async () => {
    const { client } = await aClient(json(OPEN), { baseUrl: 'http://127.0.0.1:9/x' })
    const error = await errorOf(client.status())
    expect([error.code, error.tries]).toEqual(['FLOW_REST_UNREACHABLE', 4])
  })

  it('ends at once when the caller gives up, while waiting for an answer or for the next try', async () => {
    const waiting = await aClient(() => {})
    expect(await errorOf(waiting.client.status({ signal: AbortSignal.timeout(30) }))).toMatchObject({
      code: 'FLOW_REST_ABORTED',
      tries: 1,
    })
    const pausing = await aClient(json({}, 503), { wait: (ms, signal) => sleep(ms, undefined, { signal: signal! }) })
    expect((await errorOf(pausing.client.status({ signal: AbortSignal.timeout(30) }))).code).toBe('FLOW_REST_ABORTED')
    const before = await aClient(json(OPEN))
    expect((await errorOf(before.client.status({ signal: AbortSignal.abort() }))).code).toBe('FLOW_REST_ABORTED')
    expect(before.requests).toHaveLength(0)
  })
})

describe('our share of the read budget', () => {
  it('is kept: ten requests at once, then five a second', async () => {
    const { client, waits } = await aClient(json(OPEN))
    for (let n = 0; n < 15; n++) await client.status()
    expect(waits).toEqual([200, 200, 200, 200, 200])
  })

  it('starts from nothing when the exchange says that it is used up', async () => {
    const { client, waits } = await aClient([json({ error: 'too many requests' }, 429), json(OPEN)], {
      random: { unit: () => 0 },
    })
    await client.status()
    expect(waits).toEqual([200])
  })
})

describe('the open markets with the most volume', () => {
  it('are found over all pages, most first, each once, and bad ones told of', async () => {
    const market = (n: number, volume: string) => ({ ticker: `T${n}`, status: 'active', volume_fp: volume })
    const { client, paths } = await aClient([
      json({ markets: [market(1, '5.00'), market(2, '900.50'), { ticker: 3, status: 'active' }], cursor: 'next' }),
      json({
        markets: [market(4, '10.00'), market(2, '900.50'), market(0, '10.00'), { ticker: 'T9', status: 'active' }],
        cursor: '',
      }),
    ])
    const { markets, seen, malformed, complete } = await openMarketsByVolume(client, 3)
    expect(markets.map(({ ticker }) => ticker)).toEqual(['T2', 'T0', 'T4'])
    expect([seen, complete, malformed]).toEqual([
      6,
      true,
      [{ at: 'markets[2].ticker', fault: expect.stringContaining('expected string') }],
    ])
    expect(paths()[0]).toContain('status=open&mve_filter=exclude')
  })

  it('are said to be incomplete when the page limit ended the search', async () => {
    const { client } = await aClient([json({ markets: [], cursor: 'a' }), json({ markets: [], cursor: 'b' })])
    expect((await openMarketsByVolume(client, 3, { pagesMax: 2 })).complete).toBe(false)
  })
})
