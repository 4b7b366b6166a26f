/** What `/exchange/sent` says was done on purpose is what a plain client saw, frame by frame. */
import { afterEach, expect, test } from 'vitest'
import type { ExchangeOptions, FaultHappened, RunningExchange } from '#exchange'
import { type Client, connect, openExchange } from './support.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function aClientOf(faults: string, options: Partial<ExchangeOptions> = {}) {
  const exchange = await openExchange({ speed: 'max', startAfterMarkets: 6, seed: 3, faults, ...options })
  closers.push(() => exchange.close())
  const client = await connect(exchange)
  closers.push(() => client.close())
  const subscribed = await client.ask({
    id: 1,
    cmd: 'subscribe',
    params: { channels: ['orderbook_delta'], market_tickers: exchange.tickers },
  })
  return { exchange, client, sid: subscribed.msg.sid as number }
}

/** Nothing comes but answers. */
const NO_TRAFFIC = { speed: 1, startAfterMarkets: 1_000_000 } as const

const happened = (exchange: RunningExchange, fault: FaultHappened['fault']) =>
  exchange.sent().faults.happened.filter((each) => each.fault === fault)

const seqs = (happenings: readonly FaultHappened[]) => happenings.map(({ seq }) => seq)

/** Until the client has read everything that was handed to its socket. */
async function untilRead(exchange: RunningExchange, client: Client): Promise<void> {
  await exchange.done
  await client.until(() => client.frames.length === exchange.sent().total)
}

test('each frame dropped, doubled, overtaken or spoilt is named, and every other one came once in its place', async () => {
  const { exchange, client } = await aClientOf('drop=1%,duplicate=1%,reorder=1%,malformed=0.5%,unknown-type=0.5%')
  await untilRead(exchange, client)
  const [connection] = exchange.sent().connections
  const dropped = seqs(happened(exchange, 'drop'))
  const doubled = seqs(happened(exchange, 'duplicate'))
  const halved = seqs(happened(exchange, 'malformed'))
  for (const each of [dropped, doubled, halved]) expect(each.length).toBeGreaterThan(2)

  const numbers = client.frames.flatMap(({ seq }) => (seq === undefined ? [] : [seq]))
  const last = connection!.last_seq[1]!
  const came = new Set(numbers)
  const missing = Array.from({ length: last }, (_, index) => index + 1).filter((seq) => !came.has(seq))
  expect(missing).toEqual([...dropped, ...halved].sort((a, b) => a! - b!))
  const twice = numbers.filter((seq, index) => numbers.indexOf(seq) !== index)
  expect(twice.sort((a, b) => a - b)).toEqual(doubled)
  expect(connection).toMatchObject({ dropped: dropped.length, doubled: doubled.length })
  expect(connection!.made - dropped.length + doubled.length).toBe(client.frames.length)
  for (const { seq } of happened(exchange, 'reorder')) expect(numbers[numbers.indexOf(seq!) - 1]).toBeGreaterThan(seq!)
  expect(client.frames.filter(({ type }) => type === 'type_of_tomorrow')).toHaveLength(
    happened(exchange, 'unknown-type').length,
  )
})

test('the same spec and seed do the same to the same frames, and another seed does something else', async () => {
  const droppedBy = async (seed: number) => {
    const { exchange, client } = await aClientOf('drop=2%', { seed })
    await untilRead(exchange, client)
    return seqs(happened(exchange, 'drop'))
  }
  const [first, again, other] = await Promise.all([droppedBy(3), droppedBy(3), droppedBy(4)])
  expect(first.length).toBeGreaterThan(5)
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
})

test('late frames come late, in their order, and all of them', async () => {
  const { exchange, client } = await aClientOf('late=200ms:1')
  const sentMs = client.frames[0]!.sending_ts_ms!
  expect(Date.now() - sentMs).toBeGreaterThanOrEqual(195)
  await untilRead(exchange, client)
  const numbers = client.frames.flatMap(({ seq }) => seq ?? [])
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
})

test('a fault that finds nobody to happen to is told as such', async () => {
  const { exchange } = await aClientOf('cut@50ms:7')
  while (happened(exchange, 'cut').length === 0) await new Promise((done) => setTimeout(done, 5))
  expect(happened(exchange, 'cut')[0]).toMatchObject({ missed: true, detail: 'cut@50ms:7' })
  expect(exchange.sent().faults.counts).toEqual({})
})

test('a spec that is wrong keeps it from starting, with all that is wrong', async () => {
  await expect(openExchange({ faults: 'drop,foo=1', seed: -1 })).rejects.toThrow(
    /seed must .*\n.*drop needs .*\n.*no foo/s,
  )
})

test('of two stalls that overlap the longer one holds, and a frame that nothing overtakes leaves all the same', async () => {
  const { exchange, client } = await aClientOf('stall=100ms@20ms,stall=300ms@50ms,reorder@0s', NO_TRAFFIC)
  await client.ask({ id: 2, cmd: 'subscribe', params: { channels: ['trade'], market_tickers: exchange.tickers } })
  const ends = () => happened(exchange, 'stall').filter(({ phase }) => phase === 'end')
  while (ends().length === 0) await new Promise((done) => setTimeout(done, 5))
  expect(ends().map(({ detail }) => detail)).toEqual(['stall=300ms@50ms'])
  await client.until(() => client.frames.length === exchange.sent().connections[0]!.made)
})
