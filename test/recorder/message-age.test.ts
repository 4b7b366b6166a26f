/**
 * A connection whose messages come later and later, through a relay that holds them back: it is replaced, the hole has its
 * cause in the journal, and the other connection goes on as if nothing was.
 */
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openRecorder } from '#app'
import { type ConnectionLostBody, RECORD } from '#domain'
import { startExchange } from '#exchange'
import { FileDisk, openCursor } from '#journal'
import { readLedger } from '../../src/app/reading/read-ledger.ts'
import { aFolder, aLog, journalDigests, liveDigests, recorderOptions, until } from '../support/recording.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Passes bytes on; those of the first connection come later and later, as if its line filled up. */
async function aRelay(port: number, slower: { msEachMs: number }) {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer((client) => {
    const isSlow = ++count === 1
    const upstream = connect(port, '127.0.0.1')
    let slowSinceMs: number | undefined
    for (const each of [client, upstream]) {
      sockets.add(each)
      each.on('error', () => {})
      each.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (isSlow && slower.msEachMs > 0) slowSinceMs ??= performance.now()
      const delayMs = slowSinceMs === undefined ? 0 : (performance.now() - slowSinceMs) * slower.msEachMs
      if (delayMs === 0) client.write(chunk)
      else setTimeout(() => client.destroyed || client.write(chunk), delayMs)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closing.push(() => {
    for (const each of sockets) each.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port }
}

test('a connection whose messages grow old is replaced, once, and only it', async () => {
  const exchange = await startExchange({
    port: 0,
    keyType: 'ed25519',
    markets: 6,
    ratePerSecond: 400,
  })
  closing.push(() => exchange.close())
  const slower = { msEachMs: 0 }
  const relay = await aRelay(Number(new URL(exchange.url).port), slower)
  const folder = aFolder()
  closing.push(() => folder.remove())
  const { log, of } = aLog()
  const url = new URL(exchange.url)
  url.port = String(relay.port)
  const recorder = await openRecorder({
    ...recorderOptions({ url: url.href, keyPem: exchange.keyPem }, folder.path),
    marketsPerConnection: 3,
    messageAge: { climbMsMax: 150, windowMs: 100 },
    log,
  })
  closing.push(() => recorder.stop('test ended'))
  recorder.begin()
  // One after the other: the first is the one whose line fills up.
  recorder.start(exchange.tickers.slice(0, 3))
  const allValid = () => recorder.markets.every((each) => recorder.fold.market(each)?.valid === true)
  await until('the first books are valid', allValid)
  recorder.subscribe(exchange.tickers.slice(3, 6))
  await until('all books are valid', () => recorder.links.length === 2 && allValid())
  const [first, second] = recorder.links
  await until('both ages are known', () => [1, 2].every((each) => recorder.age.of(each)?.trend.levelMs !== undefined))

  slower.msEachMs = 0.5
  await until('the slow one is replaced', () => of('connection_lost').length === 1)
  expect(of('connection_lost')[0]).toMatchObject({ connection: 1, cause: 'message_age' })
  await until(
    'all books are valid again',
    () => allValid() && first!.connection !== 1 && first!.session.state === 'live',
  )
  expect(second!.connection).toBe(2)
  expect(recorder.replacementsOf(first!)).toBe(1)
  expect(recorder.replacementsOf(second!)).toBe(0)

  await recorder.stop('test ended')
  const lost: (ConnectionLostBody & { connection: number })[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder.path}/journal` })) {
    while (block.next()) {
      if (block.type !== RECORD.CONNECTION_LOST) continue
      lost.push({ ...JSON.parse(Buffer.from(block.body()).toString()), connection: block.connection })
    }
  }
  expect(lost[0]).toMatchObject({ connection: 1, cause: 'message_age' })
  expect(lost[0]!.detail).toMatch(/^messages are \d+ ms older than at best: p50 \d+ ms, \d+ ms more each minute$/)
  expect(lost.slice(1).map(({ cause }) => cause)).toEqual(['stopped', 'stopped'])
  // The declared seam: those three markets, for some tenths of a second, and nothing else but the end.
  const { holes } = await readLedger({ folder: `${folder.path}/journal`, isRecording: false, nowMs: Date.now() })
  const seams = holes.filter(({ cause }) => cause === 'message_age')
  expect(seams).toHaveLength(1)
  expect(seams[0]).toMatchObject({ blame: 'own', connection: 1, open: 0, closedBy: 'snapshot' })
  expect(seams[0]!.markets.map(({ market }) => market).sort()).toEqual(exchange.tickers.slice(0, 3).sort())
  const others = holes.filter(({ cause }) => cause !== 'message_age').map(({ cause }) => cause)
  expect(new Set(others)).toEqual(new Set(['recording_stopped']))
  expect(await journalDigests(folder.path)).toMatchObject(liveDigests(recorder))
})
