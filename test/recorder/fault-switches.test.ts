/**
 * One test for each switch of `kalshiflow exchange --faults`: what the recorder writes down when it meets it, that it shows
 * no wrong book as valid meanwhile, and that it is whole again afterwards. The table is in docs/exchange.md.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { until } from '../support/recording.ts'
import {
  A_WORLD,
  causes,
  expectAccounted,
  expectWhole,
  HASTY_PINGS,
  happened,
  meeting,
  untilHappened,
  untilValid,
} from './fault-meeting.ts'

describe.concurrent('frames', () => {
  test('drop: each frame that never left is a hole in its sid’s numbers, and no other is', () =>
    meeting('drop=2%:orderbook_delta@0s-1s', async (running) => {
      await untilHappened(running, 'drop', 2)
      await sleep(1000)
      await expectWhole(running)
      expect(running.recorder.fold.counts.breaks).toBeGreaterThan(0)
      const { skipped, undeclared } = await expectAccounted(running)
      // One that never left after the last that came is lost with the end of its connection.
      const dropped = happened(running, 'drop').map(({ connection, sid, seq }) => `${connection} ${sid} ${seq}`)
      expect(dropped).toEqual(expect.arrayContaining([...skipped]))
      expect(skipped.length).toBeGreaterThan(0)
      expect(undeclared).toEqual([])
    }))

  test('duplicate: each frame that came again is counted and changes nothing', () =>
    meeting('duplicate=5%:orderbook_delta', async (running) => {
      await untilHappened(running, 'duplicate', 10)
      await expectWhole(running)
      expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, negative: 0 })
      await expectAccounted(running)
      expect(running.recorder.fold.counts.repeats).toBe(happened(running, 'duplicate').length)
    }))

  test('reorder: a frame that was overtaken is a break, and is not applied when it comes', () =>
    meeting('reorder@700ms:orderbook_delta', async (running) => {
      await untilHappened(running, 'reorder')
      await until('the break is noticed', () => running.recorder.fold.counts.breaks === 1)
      await until('the late one is counted', () => running.recorder.fold.counts.repeats === 1)
      await expectWhole(running)
      expect((await expectAccounted(running)).lost['skipped']).toBeUndefined()
    }))

  test('malformed: half a frame is kept, its market doubted and asked for again', () =>
    meeting('malformed@700ms:orderbook_delta', async (running) => {
      await untilHappened(running, 'malformed')
      await until('it is noticed', () => running.recorder.quarantine.length === 1)
      await expectWhole(running)
      expect(running.recorder.fold.counts).toMatchObject({ malformed: 1 })
    }))

  test('unknown-field: it is counted, and books go on', () =>
    meeting('unknown-field=10%', async (running) => {
      await untilHappened(running, 'unknown-field', 10)
      await expectWhole(running)
      expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, malformed: 0 })
      expect([...running.recorder.fold.census.counts().keys()].join()).toContain('field_of_tomorrow')
    }))

  test('unknown-type: it is counted with its number, and nothing is lost for it', () =>
    meeting('unknown-type@500ms:trade', async (running) => {
      await untilHappened(running, 'unknown-type')
      await until('it is counted', () => running.recorder.fold.counts.unknown === 1)
      await expectWhole(running)
      expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, malformed: 0 })
      expect((await expectAccounted(running)).lost['skipped']).toBeUndefined()
    }))

  test('grid: prices on a finer grid go into the same book', () =>
    meeting('grid@500ms:KXDEMO-RAIN-MON', async (running) => {
      await untilHappened(running, 'grid')
      const yes = () => running.recorder.fold.market('KXDEMO-RAIN-MON')?.book.levels().yes ?? []
      await until('the finest price is in the book', () => yes().some(([price, size]) => price === 1 && size === 100))
      await expectWhole(running)
      expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, negative: 0, malformed: 0 })
    }))

  test('flip: books that read the wrong way round are shown no longer, it is told once, and frames go on', () =>
    meeting(
      'flip@600ms',
      async (running) => {
        await untilHappened(running, 'flip')
        await until('the change is told', () => running.of('wire_changed').length > 0)
        const { frames } = running.recorder.fold.counts
        await until('frames flow', () => running.recorder.fold.counts.frames > frames + 50)
        expect(running.recorder.connectionsLost).toBe(0)
        expect(running.of('wire_changed')).toHaveLength(1)
        await expectAccounted(running)
      },
      A_WORLD,
    ))
})

describe.concurrent('a connection', () => {
  test('late: messages grow older and older, and none is lost', () =>
    meeting(
      'late=400ms/s',
      async (running) => {
        await untilValid(running)
        expect(running.recorder.age.total.maxMs).toBeLessThan(300)
        const oldest = () => running.recorder.age.total.maxMs
        await until('messages are 300 ms old', () => oldest() > 300)
        await until('messages are 600 ms old', () => oldest() > 600)
        expect(running.recorder.connectionsLost).toBe(0)
        await untilValid(running)
        expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, malformed: 0 })
        await expectAccounted(running)
      },
      A_WORLD,
    ))

  test('stall: a short one loses nothing, one longer than the silence allowed is a lost connection', () =>
    meeting(
      'stall=250ms@500ms,stall=5s@1s:1',
      async (running) => {
        await untilHappened(running, 'stall', 2)
        expect(running.recorder.connectionsLost).toBe(0)
        await until('it is noticed', () => running.recorder.connectionsLost === 1)
        await expectWhole(running)
        expect(causes(running)).toEqual(['ping_silence'])
        await expectAccounted(running)
      },
      HASTY_PINGS,
    ))

  test('half-open: silence is noticed, pings and all, and the hole begins with the last sign of life', () =>
    meeting(
      'half-open@500ms:1',
      async (running) => {
        await until('it is noticed', () => running.recorder.connectionsLost === 1)
        await expectWhole(running)
        expect(causes(running)).toEqual(['ping_silence'])
        const [silent] = happened(running, 'half-open')
        await expectAccounted(running)
        const [first] = (await readFrameNumbers(running.folder)).connections
        const quietMs = Number(BigInt(first!.lost!.lastProofNs) / 1_000_000n) - silent!.unix_ms
        expect(Math.abs(quietMs)).toBeLessThan(200)
      },
      HASTY_PINGS,
    ))

  test('cut: its end is written down, and another is made', () =>
    meeting('cut@600ms', async (running) => {
      await until('it is noticed', () => running.recorder.connectionsLost === 1)
      await expectWhole(running)
      expect(causes(running)).toEqual(['disconnect'])
      await expectAccounted(running)
    }))

  test.each([10, 25])('error: %i ends the subscription, and another connection is made', (code) =>
    meeting(`error=${code}@600ms`, async (running) => {
      await until('it is noticed', () => running.recorder.connectionsLost === 1)
      await expectWhole(running)
      expect(causes(running)).toEqual(['terminal_error'])
      await expectAccounted(running)
    }),
  )

  test('error: 26 to the first subscribe is told, and fewer markets are asked for at once', () =>
    meeting('error=26@0s:orderbook_delta', async (running) => {
      await untilHappened(running, 'error')
      await expectWhole(running)
      expect(running.of('command_refused')[0]).toMatchObject({ code: 26 })
      await expectAccounted(running)
    }))
})

describe.concurrent('the exchange', () => {
  test('429: a handshake refused so is tried again after a longer wait', () =>
    meeting('429=1@600ms,cut@600ms', async (running) => {
      await until('it is refused', () => running.of('connect_failed').length === 1)
      expect(running.of('connect_failed')[0]).toMatchObject({ detail: expect.stringContaining('429') })
      const wait = running.of('session_state').filter(({ to }) => to === 'waiting')
      expect(wait.at(-1)!['waitMs']).toBeGreaterThanOrEqual(5000)
      await expectAccounted(running)
    }))

  test('maintenance: the connection is closed, handshakes are refused, and its end is noticed by trying', () =>
    meeting('maintenance=1s@600ms', async (running) => {
      await until('it is noticed', () => running.recorder.connectionsLost === 1)
      const status = await fetch(`${running.exchange.restUrl}/exchange/status`)
      expect(await status.json()).toMatchObject({ exchange_active: false, trading_active: false })
      expect((await fetch(`${running.exchange.restUrl}/markets`)).status).toBe(503)
      await expectWhole(running)
      expect(running.of('connect_failed')[0]).toMatchObject({ detail: expect.stringContaining('503') })
      expect(causes(running)).toEqual(['disconnect'])
      await expectAccounted(running)
    }))

  test('skew: with its clock ahead, messages come from the future, and books are right', () =>
    meeting(
      'skew=+30s',
      async (running) => {
        await until('messages come from the future', () => running.recorder.age.ahead > 20)
        await expectWhole(running)
        const { headers } = await fetch(`${running.exchange.restUrl}/exchange/status`)
        expect(Math.abs(Date.parse(headers.get('date')!) - Date.now() - 30_000)).toBeLessThan(3000)
        expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, malformed: 0 })
        await expectAccounted(running)
      },
      A_WORLD,
    ))

  test('skew: beyond what signatures allow it refuses us, and the recorder says that clocks disagree', () =>
    meeting('skew=-90s', async (running) => {
      await until('it is refused', () => running.of('connect_failed').length > 0)
      expect(running.of('connect_failed')[0]).toMatchObject({ code: 'FLOW_CLOCK_OFF' })
      expect(running.recorder.connectionsLost).toBe(0)
    }))

  test('skew: a step while it runs moves its stamps, and books go on', () =>
    meeting(
      'skew=-20s@600ms-1200ms',
      async (running) => {
        await untilHappened(running, 'skew', 2)
        await until('old messages were seen', () => running.recorder.age.total.maxMs > 15_000)
        await expectWhole(running)
        expect(running.recorder.fold.counts).toMatchObject({ breaks: 0, malformed: 0 })
        await expectAccounted(running)
      },
      A_WORLD,
    ))
})
