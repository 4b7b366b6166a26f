/** Every route over a real recorder, asked well and badly; each answer must be one that the OpenAPI document declares. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatPosition, isTicker } from '#domain'
import { METRICS } from '../../src/api/metrics/metric-table.ts'
import { TICKER_PATTERN } from '../../src/api/routes/schemas.ts'
import { DEMO } from '../support/captures.ts'
import { until } from '../support/recording.ts'
import { AnswerCheck } from './document.ts'
import { ADMIN, type Answer, type Ask, clientOf, type Service, serve, startOn } from './service.ts'

let service: Service
let check: AnswerCheck

beforeAll(async () => {
  service = await serve({ adminToken: ADMIN })
  check = new AnswerCheck((await service.get('/rl/docs/openapi.json')).body)
  await until('all books are valid and traded', async () => {
    const { status, body } = await service.get('/rl/markets')
    return status === 200 && body.markets.every((each: { valid: boolean }) => each.valid) && body.total === 6
  })
})
afterAll(() => service.close())

/** Asks, and holds the answer to the document. */
async function ask(path: string, asked: Ask = {}): Promise<Answer> {
  const answer = await service.ask(path, asked)
  expect(check.fault(asked.method ?? 'GET', path.split('?')[0]!, answer)).toBeUndefined()
  return answer
}

async function command(action: string, body?: object): Promise<Answer> {
  const answer = await service.admin(action, body)
  expect(check.fault('POST', `/rl/admin/${action}`, answer)).toBeUndefined()
  return answer
}

const SNAPSHOT = '/rl/orderbook/snapshot'
const MONDAY = 'KXDEMO-RAIN-MON'
const faultOf = ({ status, body }: Answer) => [status, body.error.code, body.error.field]

describe('books', () => {
  test('are those of the recorder, each with its place, its age and its proof', async () => {
    await service.recorder.journal.flush()
    const { body, headers } = await ask(`${SNAPSHOT}?market_ticker=${MONDAY}`)
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toMatchObject({ market_tickers: [MONDAY], state: 'live', position: expect.stringMatching(/^1:\d+$/) })
    const book = body.snapshots[MONDAY]
    expect(book).toMatchObject({ market_ticker: MONDAY, valid: true, position: body.position })
    expect(book.behind_ms).toBeLessThan(1000)
    expect(book.last_proof_age_ms).toBeLessThan(2000)
    const [bid] = book.yes_dollars.at(-1)
    const [noBid] = book.no_dollars.at(-1)
    expect([book.yes_bid_dollars, Number(book.yes_ask_dollars)]).toEqual([bid, expect.closeTo(1 - Number(noBid), 9)])
  })

  test('agree with the recorder to the level, once nothing moves', async () => {
    const quiet = await serve({ exchange: { capture: DEMO, ratePerSecond: 3000, loop: false } })
    try {
      // Asked for all the while, so that a text made too early would be seen.
      await until('all is played', async () => {
        await quiet.get(SNAPSHOT)
        return quiet.exchange.sent().playback.done
      })
      await until('all is taken', () => quiet.recorder.fold.counts.frames === quiet.exchange.sent().total)
      const { journal } = quiet.recorder
      await journal.flush()
      // An answer may be some milliseconds old, and says so by its position.
      let { body } = await quiet.get(SNAPSHOT)
      await until('the answer is of the end', async () => {
        body = (await quiet.get(SNAPSHOT)).body
        return body.position === formatPosition(journal.durable)
      })
      for (const { ticker, book } of quiet.recorder.fold.markets()) {
        const { yes, no } = book.levels()
        const told = body.snapshots[ticker]
        const plain = (levels: readonly (readonly [number, number])[]) =>
          levels.map(([price, size]) => [price / 1e4, size / 100])
        const numbers = (levels: readonly (readonly [string, string])[]) => levels.map((level) => level.map(Number))
        expect([numbers(told.yes_dollars), numbers(told.no_dollars)], ticker).toEqual([plain(yes), plain(no)])
      }
    } finally {
      await quiet.close()
    }
  })

  test('may be asked for in any number: repeated, with commas, all, and only their best levels', async () => {
    const [one, two, three] = service.exchange.tickers as [string, string, string]
    const { body } = await ask(`${SNAPSHOT}?market_ticker=${one},${two}&market_ticker=${three},${one}`)
    expect(body.market_tickers).toEqual([one, two, three])
    expect(new Set(Object.values<{ position: string }>(body.snapshots).map(({ position }) => position)).size).toBe(1)
    const all = (await ask(`${SNAPSHOT}?depth=1`)).body
    expect(all.market_tickers).toHaveLength(6)
    for (const { yes_dollars, yes_bid_dollars } of Object.values<{ yes_dollars: string[][]; yes_bid_dollars: string }>(
      all.snapshots,
    )) {
      expect(yes_dollars.map(([price]) => price)).toEqual([yes_bid_dollars])
    }
  })

  test('that are not there are answered with the names that may have been meant', async () => {
    const answer = await ask(`${SNAPSHOT}?market_ticker=${MONDAY},KXDEMO-RAIN-TEU`)
    expect(faultOf(answer)).toEqual([404, 'FLOW_API_UNKNOWN_MARKET', 'market_ticker'])
    expect(answer.body.error.near[0]).toBe('KXDEMO-RAIN-TUE')
    expect((await ask(`${SNAPSHOT}?market_ticker=QQQQQQQQQQQQ`)).body.error.near).toBeUndefined()
  })

  test('that are not there have likely names told, a few times a second and no more', async () => {
    const { api } = await startOn(service.folder, { limits: { nearNamesPerSecondMax: 2 } })
    try {
      const { get } = clientOf(api.url)
      const wrong = () => get(`${SNAPSHOT}?market_ticker=KXDEMO-RAIN-TEU`)
      await until('its copy is there', async () => (await get(`${SNAPSHOT}?market_ticker=${MONDAY}`)).status === 200)
      const answers = await Promise.all(Array.from({ length: 40 }, wrong))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]))
      // Two in each of the seconds that it took, which were one, or two at the turn.
      const helped = answers.filter(({ body }) => body.error.near !== undefined).length
      expect([2, 4]).toContain(helped)
      await until('it is told again', async () => (await wrong()).body.error.near?.[0] === 'KXDEMO-RAIN-TUE')
    } finally {
      await api.close()
    }
  })

  test('badly asked for are refused with the field and what is needed', async () => {
    for (const [query, field] of [
      ['depth=x', 'depth'],
      ['depth=0', 'depth'],
      ['depth=5.5', 'depth'],
      ['depth=1e2', 'depth'],
      ['depth=-1', 'depth'],
      ['depth=5&depth=6', 'depth'],
      ['market_ticker=', 'market_ticker'],
      ['market_ticker=,', 'market_ticker'],
      ['market_ticker=a%20b', 'market_ticker'],
      [`market_ticker=${'x'.repeat(129)}`, 'market_ticker'],
      [`market_ticker=${Array.from({ length: 201 }, (_, index) => `M${index}`).join(',')}`, 'market_ticker'],
      ['market_tickr=A', 'market_tickr'],
      ['__proto__=A', '__proto__'],
      ['constructor=A', 'constructor'],
    ]) {
      const answer = await ask(`${SNAPSHOT}?${query}`)
      expect(faultOf(answer), query).toEqual([400, 'FLOW_API_BAD_REQUEST', field])
      expect(answer.text, query).not.toMatch(/\\n|\.ts:|node_modules|TypeError/)
    }
    expect((await ask(`${SNAPSHOT}?market_tickr=A`)).body.error.near).toEqual(['market_ticker'])
  })

  test('are not made into text again while they have not changed', async () => {
    const before = (await ask('/rl/status')).body.stats.api
    for (let index = 0; index < 50; index++) await service.get(`${SNAPSHOT}?market_ticker=${MONDAY}`)
    const after = (await ask('/rl/status')).body.stats.api
    expect(after.snapshots_encoded - before.snapshots_encoded).toBeLessThan(40)
    expect(after.snapshots_reused - before.snapshots_reused).toBeGreaterThan(10)
  })
})

describe('the list of markets', () => {
  test('has the best prices, the last trade and the validity of each', async () => {
    await until('a market has traded', async () => {
      const { body } = await service.get('/rl/markets')
      return body.markets.some((each: { last_trade: object | null }) => each.last_trade !== null)
    })
    const { body } = await ask('/rl/markets')
    expect(body).toMatchObject({ found: 6, total: 6, next_cursor: null })
    expect(body.markets.map((each: { market_ticker: string }) => each.market_ticker)).toEqual(
      [...service.exchange.tickers].sort(),
    )
    expect(body.markets[0]).toMatchObject({ state: 'valid', doubt: null, series_ticker: 'KXDEMO' })
  })

  test('comes in pages that hold each market once, in every order', async () => {
    for (const sort of ['ticker', 'frames_per_second', 'total_volume', 'spread', 'last_trade', 'close_time']) {
      const seen: string[] = []
      let cursor: string | null = ''
      for (let pages = 0; cursor !== null; pages++) {
        expect(pages).toBeLessThan(6)
        const path: string = `/rl/markets?sort=${sort}&limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`
        const { body } = await ask(path)
        seen.push(...body.markets.map((each: { market_ticker: string }) => each.market_ticker))
        cursor = body.next_cursor
      }
      // Figures move between two pages, but what does not move is there once.
      if (sort === 'ticker' || sort === 'close_time') expect(seen, sort).toEqual([...service.exchange.tickers].sort())
      expect(new Set(seen).size, sort).toBeGreaterThanOrEqual(5)
    }
  })

  test('is filtered by state, series and words', async () => {
    const found = async (query: string) => (await ask(`/rl/markets?${query}`)).body.found
    expect(await found('state=valid')).toBe(6)
    expect(await found('state=unknown')).toBe(0)
    expect(await found('series=KXDEMO')).toBe(6)
    expect(await found('series=KXDEM')).toBe(0)
    expect(await found('q=rain')).toBe(2)
    expect(await found('q=rain&state=in_doubt')).toBe(0)
  })

  test('refuses what it does not know', async () => {
    for (const [query, field] of [
      ['sort=size', 'sort'],
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['state=good', 'state'],
      ['q=', 'q'],
      ['cursor=abc', 'cursor'],
      ['cursor=W10', 'cursor'],
      ['cursor=!', 'cursor'],
      ['page=2', 'page'],
    ]) {
      expect(faultOf(await ask(`/rl/markets?${query}`)), query).toEqual([400, 'FLOW_API_BAD_REQUEST', field])
    }
  })
})

describe('commands', () => {
  test('reach the recorder, and are told to the log', async () => {
    const { body } = await command('flush')
    expect(body.durable).toMatch(/^1:\d+$/)
    const before = service.recorder.fold.counts.snapshots
    expect((await command('resync', { market_tickers: [MONDAY] })).body.market_tickers).toEqual([MONDAY])
    await until('the snapshot came', () => service.recorder.fold.counts.snapshots > before)
    await command('unsubscribe', { market_tickers: [MONDAY] })
    await until('it is let go', () => !service.recorder.markets.includes(MONDAY))
    expect((await command('subscribe', { market_tickers: [MONDAY] })).body.left).toEqual([])
    await until('it is valid again', () => service.recorder.fold.market(MONDAY)?.valid === true)
    const calls = service.events.filter((event) => event.kind === 'admin_call')
    expect(calls.map(({ action, status }) => [action, status])).toEqual([
      ['flush', 200],
      ['resync', 200],
      ['unsubscribe', 200],
      ['subscribe', 200],
    ])
    expect(calls.at(-1)).toMatchObject({ client: '127.0.0.1', markets: 1 })
    expect(JSON.stringify(service.events)).not.toContain(ADMIN)
  })

  test('badly given are refused before the recorder hears of them', async () => {
    for (const [action, body, fault] of [
      ['resync', {}, [400, 'FLOW_API_BAD_REQUEST', 'market_tickers']],
      ['resync', { market_tickers: [] }, [400, 'FLOW_API_BAD_REQUEST', 'market_tickers']],
      ['resync', { market_tickers: 'A' }, [400, 'FLOW_API_BAD_REQUEST', 'market_tickers']],
      ['subscribe', { market_tickers: ['a b'] }, [400, 'FLOW_API_BAD_REQUEST', 'market_tickers']],
      ['resync', { market_tickers: ['KXDEMO-RAIN-WED'] }, [404, 'FLOW_API_UNKNOWN_MARKET', 'market_ticker']],
      ['unsubscribe', { market_tickers: ['NOPE'] }, [404, 'FLOW_API_UNKNOWN_MARKET', 'market_ticker']],
      ['flush', { all: true }, [400, 'FLOW_API_BAD_REQUEST', 'all']],
      ['pause', [], [400, 'FLOW_API_BAD_REQUEST', undefined]],
    ] as const) {
      expect(faultOf(await command(action, body)), action).toEqual(fault)
    }
    const headers = { authorization: `Bearer ${ADMIN}` }
    const path = '/rl/admin/flush'
    const post = (body: string, type = 'application/json') =>
      ask(path, { method: 'POST', body, headers: { ...headers, 'content-type': type } })
    expect(faultOf(await post('{'))).toEqual([400, 'FLOW_API_BAD_REQUEST', undefined])
    expect(faultOf(await post('{"__proto__":{}}'))).toEqual([400, 'FLOW_API_BAD_REQUEST', undefined])
    expect(faultOf(await post('x', 'text/plain'))).toEqual([415, 'FLOW_API_MEDIA_TYPE', undefined])
    expect(faultOf(await post(`{"x":"${'x'.repeat(70_000)}"}`))).toEqual([413, 'FLOW_API_TOO_LARGE', undefined])
  })
})

describe('what is not there', () => {
  test('is told from what is there and asked for in another way', async () => {
    const missing = await service.get('/rl/markts')
    expect(faultOf(missing)).toEqual([404, 'FLOW_API_NOT_FOUND', undefined])
    const { status, headers } = await service.ask('/rl/markets', { method: 'DELETE' })
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
    expect((await service.ask('/rl/admin/flush')).headers.allow).toBe('POST')
    expect((await service.ask('/rl/health/', { method: 'PUT' })).status).toBe(405)
    expect((await service.ask('/rl/markets', { method: 'HEAD' })).text).toBe('')
  })

  test('is no WebSocket unless it is asked for as one', async () => {
    const { status, headers } = await ask('/rl/ws')
    expect([status, headers.upgrade]).toEqual([426, 'websocket'])
    // `curl --http2` offers another protocol with every request, and is content with this one.
    const offer = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
    }
    expect((await service.get('/rl/health/live', offer)).status).toBe(200)
    const astray = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    expect((await service.get('/rl/nothing', astray)).status).toBe(404)
  })
})

test('the metrics are all there, each with samples and without a market', async () => {
  await until('frames have come', async () => (await service.get('/rl/status')).body.stats.recorder?.frames > 200)
  const { text, headers } = await ask('/rl/metrics')
  expect(headers['content-type']).toContain('text/plain')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  for (const line of lines)
    expect(line).toMatch(/^kalshiflow_[a-z0-9_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[\d.e+-]+$/)
  const named = new Set(lines.map((line) => line.split(/[{ ]/)[0]))
  const { recorder } = (await ask('/rl/status')).body.stats
  const withoutSamples = METRICS.map(({ name }) => name).filter((name) => !named.has(name))
  // Nothing is stored here, no gap was found, and who runs the recorder has no threads, no alarms, no clock, no archive and no outlook of its own.
  const mayBeAbsent =
    /^kalshiflow_(store_\w+|gaps|thread_restarts_total|(connection_)?message_age_\w+|clock_\w+|alerts?_\w+|dead_man_\w+|archive_\w+|disk_days_left)$/
  expect(withoutSamples.filter((name) => !mayBeAbsent.test(name))).toEqual([])
  for (const ticker of service.exchange.tickers) expect(text).not.toContain(ticker)
  const value = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1])
  expect(value('kalshiflow_frames_total')).toBeGreaterThan(100)
  expect(Math.abs(value('kalshiflow_frames_total') - recorder.frames)).toBeLessThan(500)
  expect(value('kalshiflow_copy_live')).toBe(1)
})

test('every answer has the headers that keep browsers from doing harm with it', async () => {
  for (const path of ['/rl/status', '/rl/docs', '/rl/nothing', '/rl/markets?limit=x']) {
    expect((await service.get(path)).headers, path).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})

test('the documents are OpenAPI 3.1, and a page without scripts or anything from elsewhere', async () => {
  expect((await ask('/rl/docs/openapi.json')).body.openapi).toBe('3.1.0')
  const { text, headers } = await ask('/rl/docs')
  expect(headers['content-security-policy']).toContain("default-src 'none'")
  expect(text).not.toMatch(/<script|src=|https?:\/\/|@import|url\(/)
  for (const path of ['/rl/markets', '/rl/admin/resync', '/rl/ws']) expect(text).toContain(path)
  expect((await ask('/rl')).body.links.docs).toBe('/rl/docs')
})

test('gaps and runs are told from the journal where there is no database, and the answer says so', async () => {
  expect((await ask('/rl/gaps')).body).toMatchObject({ source: 'journal', next_cursor: null })
  const { body } = await ask('/rl/sessions')
  expect(body).toMatchObject({ source: 'journal', sessions: [{ session: service.recorder.session, state: 'running' }] })
  expect(faultOf(await ask('/rl/gaps?cause=Up!'))).toEqual([400, 'FLOW_API_BAD_REQUEST', 'cause'])
  expect(faultOf(await ask('/rl/gaps?open=yes'))).toEqual([400, 'FLOW_API_BAD_REQUEST', 'open'])
})

test('a ticker of a request is a ticker of the program', () => {
  const pattern = new RegExp(TICKER_PATTERN)
  for (let code = 0; code < 300; code++) {
    const text = `A${String.fromCharCode(code)}`
    expect(pattern.test(text), String(code)).toBe(isTicker(text))
  }
  expect(pattern.test('')).toBe(isTicker(''))
})
