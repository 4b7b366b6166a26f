/**
 * The recorder against an exchange that misbehaves on purpose: no book is shown as valid that is not, every hole is
 * noticed, and everything comes back by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { ExchangeOptions } from '#exchange'
import { DEMO } from '../support/captures.ts'
import {
  auditJournal,
  countFrames,
  journalDigests,
  liveDigests,
  type Recording,
  record,
  until,
} from '../support/recording.ts'

let recording: Recording | undefined
afterEach(async () => {
  await recording?.close()
  recording = undefined
})

const start = async (exchange: Partial<ExchangeOptions> = {}, options: Parameters<typeof record>[1] = {}) => {
  recording = await record(
    { capture: DEMO, ratePerSecond: 200, loop: true, startAfterMarkets: 6, ...exchange },
    options,
  )
  return recording
}

const allValid = ({ recorder }: Recording) =>
  recorder.markets.length > 0 && recorder.markets.every((each) => recorder.fold.market(each)?.valid === true)

/** Valid, and then again frames taken. */
async function settled(running: Recording): Promise<void> {
  await until('all books are valid', () => allValid(running))
  const { frames } = running.recorder.fold.counts
  await until('frames flow', () => running.recorder.fold.counts.frames > frames + 20)
}

/** Asks for every book again while it is proven: each snapshot must be the very book that we held just before it. */
async function expectRightBooks(running: Recording): Promise<void> {
  const { recorder, folder } = running
  const { snapshots } = recorder.fold.counts
  recorder.resync(recorder.markets)
  await until('the snapshots came', () => recorder.fold.counts.snapshots >= snapshots + recorder.markets.length)
  await recorder.journal.flush()
  const { audited, differing } = await auditJournal(folder)
  expect(differing).toEqual([])
  expect(audited).toBeGreaterThanOrEqual(recorder.markets.length)
}

describe('a frame', () => {
  test('dropped is a sequence break: books in doubt, asked for again on the same connection, valid again', async () => {
    const running = await start()
    await settled(running)
    running.exchange.faults.planFrame({
      kind: 'drop',
      connection: 1,
      frame: running.exchange.sent().total + 30,
    })
    await until('the break is noticed', () => running.recorder.fold.counts.breaks === 1)
    await settled(running)
    expect(running.of('sequence_broken')).toHaveLength(1)
    expect(running.recorder.connectionsLost).toBe(0)
    await expectRightBooks(running)
  })

  test('sent twice is counted and dropped', async () => {
    const running = await start({ faultRates: { duplicate: 0.05 } })
    await settled(running)
    await until('some came twice', () => running.recorder.fold.counts.repeats > 10)
    expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, negative: 0 })
    expect(running.recorder.connectionsLost).toBe(0)
  })

  test('malformed is kept, told, and puts its market in doubt until it is asked for again', async () => {
    const running = await start()
    await settled(running)
    running.exchange.faults.planFrame({
      kind: 'malformed',
      connection: 1,
      frame: running.exchange.sent().total + 30,
    })
    await until('it is noticed', () => running.recorder.fold.counts.malformed === 1)
    expect(running.recorder.quarantine).toHaveLength(1)
    await settled(running)
    await expectRightBooks(running)
  })
})

describe('a connection', () => {
  test('cut is made again, with fresh books; its end is in the journal', async () => {
    const running = await start()
    await settled(running)
    running.exchange.faults.cut(1, 'terminate')
    await until('it is noticed', () => running.recorder.connectionsLost === 1)
    expect(allValid(running)).toBe(false)
    await settled(running)
    await expectRightBooks(running)
    expect(running.of('connection_lost')[0]).toMatchObject({ cause: 'disconnect' })
  })

  test.each([10, 25] as const)('with terminal error %i is made again', async (code) => {
    const running = await start()
    await settled(running)
    running.exchange.faults.sendError(1, 1, code)
    await until('it is noticed', () => running.recorder.connectionsLost === 1)
    await settled(running)
    expect(running.of('connection_lost')[0]).toMatchObject({ cause: 'terminal_error' })
  })

  test('that falls silent is dead after its time, pings and all', async () => {
    const running = await start({ pingIntervalMs: 100 }, { pingSilenceMs: 600 })
    await settled(running)
    running.exchange.faults.halfOpen(1)
    const stalledMs = performance.now()
    await until('it is noticed', () => running.recorder.connectionsLost === 1)
    expect(performance.now() - stalledMs).toBeGreaterThan(500)
    expect(running.of('connection_lost')[0]).toMatchObject({ cause: 'ping_silence' })
    await settled(running)
  })

  test('with pings but without traffic is alive', async () => {
    const running = await start({ ratePerSecond: 1, pingIntervalMs: 100 }, { pingSilenceMs: 400 })
    await until('all books are valid', () => allValid(running))
    await sleep(1500)
    expect(running.recorder.connectionsLost).toBe(0)
  })

  test('refused is tried again with growing waits, 429 with a longer one', async () => {
    const running = await start()
    await settled(running)
    running.exchange.faults.refuseHandshakes(3, 503)
    running.exchange.faults.cut(1, { code: 1012, reason: 'restart' })
    await settled(running)
    expect(running.of('connect_failed')).toHaveLength(3)
    expect(running.of('connect_failed')[0]).toMatchObject({ detail: expect.stringContaining('503') })
    running.exchange.faults.refuseHandshakes(1, 429)
    running.exchange.faults.cut(running.exchange.sent().connections.at(-1)!.id, 'terminate')
    await until('it is refused', () => running.of('connect_failed').length === 4)
    const wait = running
      .of('session_state')
      .filter(({ to }) => to === 'waiting')
      .at(-1)!
    expect(wait['waitMs']).toBeGreaterThanOrEqual(5000)
  })

  test('whose NO levels are the wrong way round makes no book valid, and goes on recording', async () => {
    const running = await start()
    running.exchange.faults.flipOrientation(true)
    await until('it is judged', () => running.of('orientation_judged').some(({ verdict }) => verdict === 'wrong'))
    const { frames } = running.recorder.fold.counts
    await until('frames flow', () => running.recorder.fold.counts.frames > frames + 50)
    expect(running.recorder.fold.markets().some(({ valid }) => valid)).toBe(false)
    expect(running.recorder.connectionsLost).toBe(0)
  })
})

describe('an answer', () => {
  test('may come late and out of order', async () => {
    const running = await start()
    await settled(running)
    running.exchange.faults.cut(1, 'terminate')
    await until('it is noticed', () => running.recorder.connectionsLost === 1)
    await until('it is open again', () => running.exchange.sent().connections.some(({ open }) => open))
    await settled(running)
    const open = running.exchange.sent().connections.find((each) => each.open)!
    running.exchange.faults.delayReplies(open.id, 3)
    running.recorder.unsubscribe([running.exchange.tickers[0]!])
    await until('it is live again', () => running.recorder.links[0]!.session.state === 'live')
    running.recorder.subscribe([running.exchange.tickers[0]!])
    await settled(running)
    expect(running.recorder.connectionsLost).toBe(1)
  })

  test('that nobody knows is counted and changes nothing', async () => {
    const running = await start()
    await settled(running)
    running.exchange.faults.sendRaw(1, '{"type":"brand_new","hello":[1,2,3]}\n')
    running.exchange.faults.sendRaw(1, '{"id":999,"type":"ok"}\n')
    running.exchange.faults.sendRaw(1, '{"type":"error","msg":{"code":77,"msg":"?"}}\n')
    await until('it is counted', () => running.recorder.fold.counts.unknown === 1)
    await settled(running)
    expect([...running.recorder.fold.census.counts().keys()]).toEqual(['type brand_new'])
    expect(running.recorder.connectionsLost).toBe(0)
  })
})

describe('markets', () => {
  test('unknown to the exchange are told, never valid, and hold up nobody', async () => {
    const running = await start({ startAfterMarkets: 1 }, { markets: ['KXNOPE-1', 'KXDEMO-RAIN-MON'] })
    await until('the known one is valid', () => running.recorder.fold.market('KXDEMO-RAIN-MON')?.valid === true)
    await until('the connection is live', () => running.recorder.links[0]!.session.state === 'live')
    expect(running.recorder.fold.market('KXNOPE-1')!.doubt).toBe('unknown_market')
    expect(running.of('market_unknown')).toHaveLength(1)
  })

  test('are spread over several connections, each with its own sequence', async () => {
    const running = await start({ copies: 3, startAfterMarkets: 1 }, { marketsPerConnection: 5 })
    await settled(running)
    expect(running.recorder.links).toHaveLength(4)
    expect(running.recorder.fold.counts.breaks).toBe(0)
    await running.recorder.stop('counting')
    expect(await countFrames(running.folder)).toBe(running.recorder.fold.counts.frames)
    const rebuilt = await journalDigests(running.folder)
    for (const [ticker, { sha256 }] of Object.entries(liveDigests(running.recorder)))
      expect(rebuilt[ticker]?.sha256).toBe(sha256)
  })

  test('can be added and removed while recording, without tearing down a sid', async () => {
    const running = await start({ startAfterMarkets: 1 }, { markets: ['KXDEMO-RAIN-MON', 'KXDEMO-RAIN-TUE'] })
    await settled(running)
    expect(running.recorder.subscribe(['KXDEMO-RATE-UP'])).toEqual([])
    running.recorder.unsubscribe(['KXDEMO-RAIN-TUE'])
    await until('the new one is valid', () => running.recorder.fold.market('KXDEMO-RATE-UP')?.valid === true)
    await until('the old one is gone', () => running.recorder.fold.market('KXDEMO-RAIN-TUE') === undefined)
    await settled(running)
    expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, negative: 0, unplaced: 0 })
    expect(running.exchange.sent().connections).toHaveLength(1)
  })
})
