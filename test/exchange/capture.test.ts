import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { ExchangeError, type ExchangeOptions } from '#exchange'
import { DEMO_SEED, makeDemoCapture } from '../../scripts/make-demo-capture.ts'
import { connect, DEMO_CAPTURE, foldBooks, openExchange, picture, readFrames, subscribe } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'exchange-capture-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, content: string | Buffer): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const line = (frame: object, ns = '1795348800000000000') =>
  JSON.stringify({ recv_ns: ns, raw: `${JSON.stringify(frame)}\n` })
const snapshot = (seq: number, msg: object) =>
  line({ type: 'orderbook_snapshot', sid: 1, seq, msg: { market_ticker: 'T', market_id: 'u', ...msg } })
const delta = (seq: number, price: string, change: string, side = 'yes') =>
  line({
    type: 'orderbook_delta',
    sid: 1,
    seq,
    msg: { market_ticker: 'T', market_id: 'u', price_dollars: price, delta_fp: change, side },
  })
const GOOD = snapshot(1, { yes_dollars_fp: [['0.4000', '5.00']] })

const refusal = async (options: Partial<ExchangeOptions>): Promise<ExchangeError> => {
  const error = await openExchange(options).then(
    async (exchange) => {
      await exchange.close()
      return undefined
    },
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ExchangeError)
  return error as ExchangeError
}

/** What a client that subscribes to everything has been sent when the capture is over. */
const playAll = async (capture: string) => {
  const exchange = await openExchange({ capture, speed: 'max' })
  const client = await connect(exchange)
  client.send(subscribe(exchange.tickers))
  await exchange.done
  await client.until(() => exchange.sent().total === client.frames.length)
  const { left_out } = exchange.sent().playback
  await exchange.close()
  return { frames: client.frames, leftOut: left_out }
}

describe('a bad capture is refused before anything is served', () => {
  test('with the number and the fault of each bad line', async () => {
    const path = write(
      'bad.jsonl',
      [
        GOOD,
        'no json',
        delta(2, '0.40001', '1.00'),
        delta(3, '0.4000', 'x'),
        delta(4, '0.4000', '1.00', 'maybe'),
        '[]',
        '{"raw":7}',
        '',
      ].join('\n'),
    )
    const error = await refusal({ capture: path })
    expect(error.code).toBe('FLOW_EXCHANGE_CAPTURE')
    expect(error.faults.map((fault) => fault.slice(0, 7))).toEqual([
      'line 2:',
      'line 3:',
      'line 4:',
      'line 5:',
      'line 6:',
      'line 7:',
    ])
  })

  test('showing ten of them at most', async () => {
    const path = write('worse.jsonl', Array.from({ length: 25 }, () => 'no').join('\n'))
    const error = await refusal({ capture: path })
    expect(error.faults).toHaveLength(10)
    expect(error.message).toContain('25 bad lines')
  })

  test('when a delta leaves less than nothing', async () => {
    const error = await refusal({ capture: write('below.jsonl', [GOOD, delta(2, '0.4000', '-6.00')].join('\n')) })
    expect(error.faults[0]).toMatch(/line 2: .*leaves -1\.00 contracts at 0\.4000 yes of T/)
  })

  test.each([
    ['a file that is not there', () => join(folder, 'nowhere.jsonl')],
    ['a .gz that is none', () => write('not.gz', 'plain')],
    ['a file without a snapshot', () => write('empty.jsonl', delta(1, '0.4000', '1.00'))],
  ])('when it is %s', async (_, path) => {
    expect((await refusal({ capture: path() })).code).toBe('FLOW_EXCHANGE_CAPTURE')
  })

  test('when it is larger than allowed, and says what to do', async () => {
    const error = await refusal({ captureBytesMax: 1000 })
    expect(error.message).toContain('captureBytesMax')
  })

  test('when no frame has the seq to stop at', async () => {
    expect((await refusal({ untilSeq: 1_000_000 })).message).toContain('no frame has seq 1000000')
  })
})

test('bad options are told all at once', async () => {
  const error = await refusal({ port: -1, speed: 0, copies: 0, ratePerSecond: 5 })
  expect(error.code).toBe('FLOW_EXCHANGE_OPTIONS')
  expect(error.faults).toHaveLength(4)
})

test('a port that is taken is said plainly', async () => {
  const first = await openExchange()
  expect(await refusal({ port: first.port })).toMatchObject({ code: 'FLOW_EXCHANGE_LISTEN' })
  await first.close()
})

test('.zst, bare frames and recv_ns as a number are read as well', async () => {
  const text = gunzipSync(readFileSync(DEMO_CAPTURE)).toString()
  const expected = foldBooks(readFrames(DEMO_CAPTURE))
  const bare = text.replace(/^\{"recv_ns":"\d+","raw":(".*")\}$/gm, (_, raw: string) => JSON.parse(raw).trimEnd())
  for (const path of [write('demo.jsonl.zst', zstdCompressSync(text)), write('bare.jsonl', bare)]) {
    const { frames } = await playAll(path)
    const books = foldBooks(frames)
    for (const ticker of expected.keys()) expect(picture(books, ticker)).toBe(picture(expected, ticker))
  }
})

test('a hole in the capture is never played over: books wait for their next snapshot', async () => {
  const path = write(
    'hole.jsonl',
    [
      GOOD,
      delta(2, '0.4000', '1.00'),
      delta(2, '0.4000', '1.00'),
      delta(4, '0.4100', '1.00'),
      snapshot(5, { yes_dollars_fp: [['0.4000', '9.00']] }),
      delta(6, '0.4000', '-9.00'),
    ].join('\n'),
  )
  const { frames, leftOut } = await playAll(path)
  expect(frames.filter(({ type }) => type === 'orderbook_delta').length).toBe(2)
  expect(leftOut).toEqual({ repeated: 1, unproven: 1 })
  expect(picture(foldBooks(frames), 'T')).toBe('yes \nno ')
})

describe('the demo capture', () => {
  const frames = readFrames(DEMO_CAPTURE)

  test('is what its maker makes of the seed', () => {
    expect(gunzipSync(readFileSync(DEMO_CAPTURE)).toString()).toBe(makeDemoCapture(DEMO_SEED))
    expect(makeDemoCapture(2)).not.toBe(makeDemoCapture(DEMO_SEED))
  })

  test('is crossed inside one ts_ms, and never after it', () => {
    const crossedAt = new Map<string, number>()
    let crossings = 0
    const soFar = frames.filter(({ type }) => type === 'orderbook_snapshot' || type === 'orderbook_delta')
    const books = new Map<string, { yes: Map<string, number>; no: Map<string, number> }>()
    for (const { type, msg } of soFar) {
      const ticker: string = msg.market_ticker
      if (type === 'orderbook_snapshot') {
        books.set(ticker, { yes: new Map(msg.yes_dollars_fp), no: new Map(msg.no_dollars_fp) })
        for (const side of ['yes', 'no'] as const)
          for (const [price, size] of books.get(ticker)?.[side] ?? [])
            books.get(ticker)?.[side].set(price, Math.round(Number(size) * 100))
        continue
      }
      const startedMs = crossedAt.get(ticker)
      if (startedMs !== undefined && msg.ts_ms !== startedMs)
        throw new Error(`${ticker} is still crossed after its ts_ms`)
      const ladder = books.get(ticker)?.[msg.side as 'yes' | 'no'] as Map<string, number>
      const size = (ladder.get(msg.price_dollars) ?? 0) + Math.round(Number(msg.delta_fp) * 100)
      if (size === 0) ladder.delete(msg.price_dollars)
      else ladder.set(msg.price_dollars, size)
      const best = (side: 'yes' | 'no') => Math.max(0, ...[...(books.get(ticker)?.[side].keys() ?? [])].map(Number))
      const isCrossed = Math.round((best('yes') + best('no')) * 10_000) >= 10_000
      if (isCrossed && startedMs === undefined) crossings++
      if (isCrossed) crossedAt.set(ticker, msg.ts_ms)
      else crossedAt.delete(ticker)
    }
    expect(crossedAt.size).toBe(0)
    expect(crossings).toBe(1)
  })

  test('has one market that is purged in one ts_ms and closes with an empty snapshot', () => {
    const own = frames.filter(({ msg }) => msg.market_ticker === 'KXDEMO-SHORT-NOON')
    const snapshots = frames.filter(
      ({ type, msg }) => type === 'orderbook_snapshot' && msg.market_ticker === 'KXDEMO-SHORT-NOON',
    )
    expect(snapshots).toHaveLength(2)
    expect(Object.keys(snapshots[1]?.msg)).toEqual(['market_ticker', 'market_id'])
    const deltas = own.filter(({ type }) => type === 'orderbook_delta')
    const purge = deltas.filter(({ msg }) => msg.ts_ms === deltas.at(-1)?.msg.ts_ms)
    expect(purge.length).toBeGreaterThan(20)
  })
})
