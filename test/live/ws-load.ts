/**
 * Subscribers at full rate: exchange, recorder and service in threads and processes of their own, the subscribers in this
 * one. Proves each subscriber's books, and measures what a stalled one costs the others and the feed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { askRecorder } from '#live'
import type { WsMetrics } from '../../src/api/ws/index.ts'
import { BuiltInExchange } from '../../src/app/exchange/built-in-exchange.ts'
import { DEMO } from '../support/captures.ts'
import { pointedAt, run } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'
import { isBefore, type Levels, percentile, type WsMessage, WsTestClient } from './ws-client.ts'

const COPIES = 20

type Metrics = WsMetrics & { memory: { rss: number } }
type View = { market_ticker: string; valid: boolean; yes_dollars: [string, string][]; no_dollars: [string, string][] }

export async function loadSubscribers({ rate, seconds, clients }: { rate: number; seconds: number; clients: number }) {
  const { path: data, remove } = aFolder()
  const ending: (() => unknown)[] = [remove]
  try {
    const thread = new BuiltInExchange({
      port: 0,
      keyType: 'ed25519',
      capture: DEMO,
      ratePerSecond: rate,
      loop: true,
      copies: COPIES,
      startAfterMarkets: 6 * COPIES,
    })
    const exchange = await thread.start()
    ending.push(() => thread.close())
    const recorder = run(
      ['record', '--no-store', '--data', data, '--markets', exchange.tickers.join(','), '--json'],
      pointedAt(exchange),
    )
    ending.push(async () => {
      recorder.kill('SIGTERM')
      await recorder.ended
    })
    await until('all books are valid', async () => {
      const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
      return status !== undefined && status.markets.valid === exchange.tickers.length
    })
    const { url, service } = await startService(data)
    ending.push(() => void service.kill('SIGKILL'))

    const stalled = await WsTestClient.open(`ws://${url}/rl/ws`, { keeps: () => false })
    stalled.subscribe(['orderbook', 'trade'], 'all')
    await until('the one to be stalled is being told', () => stalled.seq > 1_000)
    stalled.webSocket.pause()
    const first = await WsTestClient.open(`ws://${url}/rl/ws`, { keeps: ({ type }) => type !== 'trade' })
    const others = await Promise.all(
      Array.from({ length: clients - 1 }, () => WsTestClient.open(`ws://${url}/rl/ws`, { keeps: () => false })),
    )
    const all = [first, ...others]
    for (const each of all) each.subscribe(['orderbook', 'trade', 'stats'], 'all')
    await until('all are being told', () => all.every(({ books }) => books.size === exchange.tickers.length))
    for (const each of all) each.latencies.length = 0

    let heardAtCut: number[] = []
    // It reads again as soon as it is given up, and finds why.
    const cut = until(
      'the stalled one is cut',
      async () => (await read<Metrics>(url, '/metrics')).clients_cut_slow > 0,
      60_000,
    ).then(() => {
      heardAtCut = all.map(({ latencies }) => latencies.length)
      stalled.webSocket.resume()
      return Promise.race([stalled.closed, sleep(10_000, { code: 0, reason: 'never closed' })])
    })
    // Meanwhile one more takes snapshots at moments of its own, to be compared with what the first had there.
    const late = await WsTestClient.open(`ws://${url}/rl/ws`)
    const startedMs = performance.now()
    const seqBefore = first.seq
    for (let round = 0; performance.now() - startedMs < seconds * 1_000; round++) {
      late.subscribe(['orderbook'], [exchange.tickers[round % exchange.tickers.length]!])
      await sleep(100)
      late.unsubscribe(['orderbook'], 'all')
      await sleep(100)
    }
    const perSecond = (first.seq - seqBefore) / ((performance.now() - startedMs) / 1_000)
    const { event_loop_delay_ms: feedDelayMs } = await askRecorder(data, { ask: 'status' })

    const stalledEnd = await cut
    const metrics = await read<Metrics>(url, '/metrics')

    await askRecorder(data, { ask: 'pause' })
    const { durable } = await askRecorder(data, { ask: 'flush' })
    const end = await untilAt<{ position: string; books: View[] }>(url, durable)
    await until('all have heard everything', () => all.every(({ validity }) => [...validity.values()].every((v) => !v)))

    for (const each of all) {
      expect(each.faults).toEqual([])
      expect(each.books.size).toBe(end.books.length)
      for (const { market_ticker, yes_dollars: yes, no_dollars: no } of end.books)
        expect(each.levels(market_ticker), market_ticker).toEqual({ yes, no })
    }
    expect(late.faults).toEqual([])
    const compared = compareInMidStream(first.kept, late.of('orderbook_snapshot'))
    expect(metrics.clients_cut_slow).toBe(1)
    expect(stalledEnd.code).toBe(4008)
    const last = JSON.parse(stalledEnd.reason) as { position: string }
    expect(last.position).toBe(stalled.position)
    return {
      perSecond: Math.round(perSecond),
      // Both hold the time that this process takes to read ten subscribers' messages.
      latencyWhileStalledMs: spread(all.flatMap(({ latencies }, index) => latencies.slice(0, heardAtCut[index]))),
      latencyAfterCutMs: spread(all.flatMap(({ latencies }, index) => latencies.slice(heardAtCut[index]))),
      serviceBehindMs: spread(first.of('stats').map(({ msg }) => msg['behind_ms'] as number)),
      feedDelayMs,
      compared,
      deltas: first.counts['orderbook_delta'] ?? 0,
      metrics,
    }
  } finally {
    for (const each of ending.reverse()) await each()
  }
}

/** Snapshots that one client took in mid-stream, against what another had folded at that very position. */
function compareInMidStream(heard: readonly WsMessage[], snapshots: readonly WsMessage[]): number {
  let compared = 0
  for (const { position, msg } of snapshots) {
    const ticker = msg['market_ticker']
    const book: Record<'yes' | 'no', Map<string, string>> = { yes: new Map(), no: new Map() }
    let isBehind = false
    for (const each of heard) {
      if (each.msg['market_ticker'] !== ticker || isBefore(position!, each.position!)) continue
      if (each.type === 'orderbook_validity') isBehind = each.msg['doubt'] === 'behind'
      if (each.type === 'orderbook_snapshot') {
        isBehind = false
        book.yes = new Map(each.msg['yes_dollars'] as [string, string][])
        book.no = new Map(each.msg['no_dollars'] as [string, string][])
      }
      if (each.type !== 'orderbook_delta') continue
      const { side, price_dollars: price, size_after_fp: size } = each.msg as Record<string, string>
      if (size === '0.00') book[side as 'yes'].delete(price!)
      else book[side as 'yes'].set(price!, size!)
    }
    if (isBehind) continue
    const levels: Levels = { yes: sorted(book.yes), no: sorted(book.no) }
    expect(levels, `${ticker} at ${position}`).toEqual({ yes: msg['yes_dollars'], no: msg['no_dollars'] })
    compared++
  }
  return compared
}

const sorted = (side: Map<string, string>) => [...side].sort(([a], [b]) => (a < b ? -1 : 1))

const spread = (values: readonly number[]) => ({
  p50: rounded(percentile(values, 0.5)),
  p99: rounded(percentile(values, 0.99)),
  max: rounded(percentile(values, 1)),
})

const rounded = (ms: number): number => Math.round(ms * 10) / 10

async function startService(data: string): Promise<{ url: string; service: ChildProcess }> {
  const file = join(import.meta.dirname, 'ws-service.ts')
  const service = spawn(process.execPath, ['--conditions=source', file, data], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [text] = (await once(service.stdout!, 'data')) as [Buffer]
  const { port } = JSON.parse(text.toString()) as { port: number }
  return { url: `127.0.0.1:${port}`, service }
}

async function read<Body>(url: string, path: string): Promise<Body> {
  return (await (await fetch(`http://${url}${path}`)).json()) as Body
}

async function untilAt<Body extends { position: string }>(url: string, position: string): Promise<Body> {
  let body = await read<Body>(url, '/books')
  await until('the service is there', async () => {
    body = await read<Body>(url, '/books')
    return !isBefore(body.position, position)
  })
  return body
}
