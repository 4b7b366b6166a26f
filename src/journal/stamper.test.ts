import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from './clock-manual.ts'
import { Stamper } from './stamper.ts'

const START_NS = 1_800_000_000_000_000_000n
const SECOND = 1e9

const unix = (stamper: Stamper) => stamper.toUnixNs(stamper.now())

describe('a stamper', () => {
  test('follows the monotonic clock', () => {
    const clock = new ManualClock(START_NS)
    const stamper = new Stamper(clock)
    expect(unix(stamper)).toBe(START_NS)
    clock.advance(123)
    expect(unix(stamper)).toBe(START_NS + 123n)
    expect(stamper.epoch).toBe(1)
  })

  test('slews a small difference away, at most 500 µs a second, and opens no epoch', () => {
    const clock = new ManualClock(START_NS)
    const stamper = new Stamper(clock)
    clock.stepWall(20_000_000n)
    let before = stamper.now()
    for (let second = 0; second < 60; second++) {
      clock.advance(SECOND)
      const now = stamper.now()
      expect(now - before).toBeGreaterThanOrEqual(SECOND)
      expect(now - before).toBeLessThanOrEqual(SECOND + 500_000)
      before = now
    }
    expect(unix(stamper)).toBe(clock.wallNs())
    expect(stamper.takeStep()).toBeUndefined()
    expect(stamper.epoch).toBe(1)
  })

  test('does not correct too far when nobody asks for an hour', () => {
    const clock = new ManualClock(START_NS)
    const stamper = new Stamper(clock)
    clock.stepWall(100_000n)
    clock.advance(SECOND)
    stamper.now()
    clock.advance(3_600 * SECOND)
    expect(Math.abs(Number(clock.wallNs() - unix(stamper)))).toBeLessThanOrEqual(1)
  })

  test.each([5_000_000_000n, -5_000_000_000n])(
    'opens an epoch when the wall steps by %d ns, and says both times',
    (step) => {
      const clock = new ManualClock(START_NS)
      const stamper = new Stamper(clock)
      const early = stamper.now()
      clock.advance(2 * SECOND)
      clock.stepWall(step)
      expect(stamper.now()).toBeGreaterThan(early)
      expect(stamper.takeStep()).toEqual({
        oldNs: START_NS + 2_000_000_000n,
        newNs: START_NS + 2_000_000_000n + step,
        epoch: 2,
        cause: 'step',
      })
      expect(stamper.takeStep()).toBeUndefined()
      expect(unix(stamper)).toBe(clock.wallNs())
    },
  )

  test('takes a pause between reading the two clocks for no step', () => {
    const clock = new ManualClock(START_NS)
    let pausesLeft = 2
    const stamper = new Stamper({
      monotonicNs: () => clock.monotonicNs(),
      wallNs: () => {
        const wallNs = clock.wallNs()
        if (pausesLeft-- > 0) clock.advance(3 * SECOND)
        return wallNs
      },
    })
    pausesLeft = 2
    clock.advance(2 * SECOND)
    const calledNs = clock.wallNs()
    expect(unix(stamper)).toBe(calledNs)
    expect(stamper.takeStep()).toBeUndefined()
  })

  test('stands still when a faulty clock goes back', () => {
    let ns = 1_000
    const stamper = new Stamper({ monotonicNs: () => ns, wallNs: () => START_NS })
    ns = 1_500
    expect(stamper.now()).toBe(500)
    ns = 1_200
    expect(stamper.now()).toBe(500)
  })

  test('goes on from the last run, within a second, without going back', () => {
    const clock = new ManualClock(START_NS)
    const lastNs = START_NS + 400_000_000n
    const stamper = new Stamper(clock, { epoch: 3, lastNs })
    expect(unix(stamper)).toBe(lastNs)
    expect(stamper.epoch).toBe(3)
    expect(stamper.takeStep()).toBeUndefined()
  })

  test('opens an epoch at a start more than a second before the last record', () => {
    const clock = new ManualClock(START_NS)
    const lastNs = START_NS + 1_000_000_001n
    const stamper = new Stamper(clock, { epoch: 3, lastNs })
    expect(unix(stamper)).toBe(START_NS)
    expect(stamper.takeStep()).toEqual({ oldNs: lastNs, newNs: START_NS, epoch: 4, cause: 'start' })
  })

  test('never goes backward within an epoch, whatever the wall does', () => {
    const aMove = fc.tuple(fc.nat(3 * SECOND), fc.bigInt({ min: -3_000_000_000n, max: 3_000_000_000n }))
    fc.assert(
      fc.property(fc.array(aMove, { maxLength: 50 }), (moves) => {
        const clock = new ManualClock(START_NS)
        const stamper = new Stamper(clock)
        let before = { epoch: 1, ns: unix(stamper) }
        for (const [ns, step] of moves) {
          clock.advance(ns)
          if (ns % 3 === 0) clock.stepWall(step)
          const now = { ns: unix(stamper), epoch: stamper.epoch }
          if (now.epoch === before.epoch) expect(now.ns).toBeGreaterThanOrEqual(before.ns)
          else expect(now.ns).toBe(clock.wallNs())
          before = now
        }
      }),
    )
  })
})
