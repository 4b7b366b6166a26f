/** What a client of the WebSocket comes to believe of books while the copy is late, and when it is so no longer. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { attachWebSocket } from '../../src/api/ws/index.ts'
import { until } from '../support/recording.ts'
import { recordSpoken } from './spoken-recorder.ts'
import { WsTestClient } from './ws-client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function served() {
  const recording = await recordSpoken()
  cleanups.push(() => recording.close())
  const { replica } = recording
  const server = createServer()
  const service = attachWebSocket({ server, path: '/rl/ws', replica, admit: () => undefined })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanups.push(async () => {
    await service.close()
    await new Promise((done) => server.close(done))
  })
  const connect = async () => {
    const client = await WsTestClient.open(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/rl/ws`)
    cleanups.push(() => client.webSocket.terminate())
    return client
  }
  return { ...recording, connect }
}

/** What a client believes that goes by docs/api-websocket.md. */
const believes = (client: WsTestClient, ticker: string) => {
  const state = client.kept.filter(({ type }) => type === 'hello' || type === 'status').at(-1)!.msg['state']
  return state === 'live' && client.validity.get(ticker) === true
}

test('a client that came while the copy was late believes its books once it is not', async () => {
  const { connect, link, replica } = await served()
  link.silentMs = 4_000
  await until('it is told', () => replica.toldState === 'catching_up')
  const early = await connect()
  early.subscribe(['orderbook'], 'all')
  await until('it has both books', () => early.books.size === 2)
  expect(['A', 'B'].map((each) => believes(early, each))).toEqual([false, false])
  expect(early.of('orderbook_snapshot').map(({ msg }) => [msg['valid'], msg['doubt']])).toEqual([
    [true, undefined],
    [true, undefined],
  ])
  link.silentMs = 0
  await until('it is told', () => early.of('status').some(({ msg }) => msg['state'] === 'live'))
  expect(['A', 'B'].map((each) => believes(early, each))).toEqual([true, true])
  const late = await connect()
  late.subscribe(['orderbook'], 'all')
  await until('it has both books', () => late.books.size === 2)
  expect(['A', 'B'].map((each) => believes(late, each))).toEqual([true, true])
})

test('the state in the greeting is the one told last, so that every change after it is told', async () => {
  const { connect, link, replica } = await served()
  // Late for less than it takes to be told.
  const untold = () => replica.state === 'catching_up' && replica.toldState === 'live'
  let client: WsTestClient | undefined
  for (let tries = 0; client === undefined && tries < 50; tries++) {
    await sleep(20)
    link.silentMs = 4_000
    const wasUntold = untold()
    const opened = await connect()
    if (wasUntold && untold()) client = opened
    link.silentMs = 0
    await until('it is live', () => replica.toldState === 'live')
  }
  client!.subscribe(['orderbook'], 'all')
  await until('it has both books', () => client!.books.size === 2)
  expect(believes(client!, 'A')).toBe(true)
})

test('a snapshot that was kept is not sent when the book’s standing has changed since', async () => {
  const { connect, link, replica } = await served()
  const early = await connect()
  early.subscribe(['orderbook'], 'all')
  await until('it has both books', () => early.books.size === 2)
  // Nobody records any more: at the same position all books are in doubt.
  link.state = 'gone'
  link.say()
  await until('it is told', () => replica.state === 'finished')
  const late = await connect()
  late.subscribe(['orderbook'], 'all')
  await until('it has both books', () => late.books.size === 2)
  expect(late.of('orderbook_snapshot').map(({ msg }) => [msg['valid'], msg['doubt']])).toEqual([
    [false, 'process_down'],
    [false, 'process_down'],
  ])
})

test('a client hears of books that a copy has not when it begins anew, and of none that ended before', async () => {
  const { connect, link, journal, replica, add, letGo } = await served()
  add('ENDED')
  await journal.flush()
  link.say()
  await until('it is there', () => replica.fold.market('ENDED')?.valid === true)
  const client = await connect()
  client.subscribe(['orderbook'], 'all')
  await until('it has three books', () => client.books.size === 3)
  letGo('ENDED')
  await journal.flush()
  link.say()
  await until('it is gone', () => replica.fold.market('ENDED') === undefined && client.validity.get('ENDED') === false)

  // Nobody records, it seems, and all that is written is read; then the recorder answers, and had made less of it durable.
  const { head } = link
  add('LATE')
  await journal.flush()
  link.state = 'gone'
  link.tell()
  await until('all is read', () => replica.state === 'finished' && client.books.has('LATE'))
  const from = client.kept.length
  Object.assign(link, { state: 'following', head })
  link.tell()
  await until('it has begun anew', () => replica.state === 'live' && replica.fold.market('LATE') === undefined)
  await until('its books are valid', () => believes(client, 'A') && believes(client, 'B'))
  const told = client.kept.slice(from).filter(({ type }) => type === 'orderbook_validity')
  expect(told.map(({ msg }) => [msg['market_ticker'], msg['valid'], msg['doubt']])).toEqual([
    ['LATE', false, 'unsubscribed'],
  ])
})
