import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunningExchange } from '#exchange'
import { breaksOf, type Client, connect, foldBooks, openExchange, picture } from './support.ts'

let exchange: RunningExchange

beforeAll(async () => {
  exchange = await openExchange({ ratePerSecond: 20_000, copies: 2, loop: true })
})
afterAll(() => exchange.close())

const TICKERS = ['KXDEMO-RAIN-MON', 'KXDEMO-RAIN-TUE', 'KXDEMO-GAME-HOME', 'KXDEMO-GAME-HOME-C2', 'KXNOWHERE-1']
const someTickers = fc.subarray(TICKERS)
const aSid = fc.integer({ min: 1, max: 4 })
const aChannel = fc.constantFrom('orderbook_delta', 'trade', 'ticker', 'market_lifecycle_v2', 'gossip')
const aCommand = fc.oneof(
  fc.record({
    cmd: fc.constant('subscribe'),
    params: fc.record({ channels: fc.array(aChannel, { maxLength: 3 }), market_tickers: someTickers }),
  }),
  fc.record({ cmd: fc.constant('unsubscribe'), params: fc.record({ sids: fc.array(aSid, { maxLength: 2 }) }) }),
  fc.record({
    cmd: fc.constant('update_subscription'),
    params: fc.record({
      sid: aSid,
      action: fc.constantFrom('add_markets', 'delete_markets', 'get_snapshot', 'shuffle'),
      market_tickers: someTickers,
    }),
  }),
  fc.record({ cmd: fc.constantFrom('list_subscriptions', 'dance') }),
)

/**
 * Safety: whatever a client says while frames are played, each sid counts 1, 2, 3 … without a break, deltas always
 * apply to the snapshot before them, and the books at the end are those that a newcomer is given.
 */
test('every sid is dense and every book whole, in any order of commands', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aCommand, { minLength: 1, maxLength: 12 }), async (commands) => {
      const client = await connect(exchange)
      commands.forEach((command, index) => {
        client.send({ id: index + 1, ...command })
      })
      const { msg } = await client.ask({ id: 1000, cmd: 'list_subscriptions' })
      const held = (msg as Held[]).find(({ channel }) => channel === 'orderbook_delta')
      if (held !== undefined) await expectWholeBook(client, held.sid)
      client.close()
      expect(breaksOf(client.frames)).toEqual([])
    }),
    { numRuns: 60 },
  )
}, 20_000)

type Held = { readonly channel: string; readonly sid: number }

/** Follows one market for some frames, then asks for its book: the two must agree. */
async function expectWholeBook(client: Client, sid: number): Promise<void> {
  const ticker = TICKERS[0] as string
  const update = (id: number, action: string) =>
    client.ask({ id, cmd: 'update_subscription', params: { sid, action, market_tickers: [ticker] } })
  await update(2000, 'add_markets')
  const count = client.frames.length
  await client.until(() => client.frames.length > count + 50)
  const answer = await update(3000, 'get_snapshot')
  const own = client.frames.filter((frame) => frame.sid === sid)
  const before = own.slice(0, own.indexOf(answer))
  expect(picture(foldBooks(before), ticker)).toBe(picture(foldBooks([answer]), ticker))
}
