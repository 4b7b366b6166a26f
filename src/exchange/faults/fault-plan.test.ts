import { expect, test } from 'vitest'
import { FaultPlan, type FrameInView, LATE_MS_MAX, momentsOf } from './fault-plan.ts'
import { readFaultSpec } from './fault-spec.ts'

const plan = (spec: string, seed = 7) => new FaultPlan(readFaultSpec(spec).faults, seed)
const aFrame = (frame: number, fields: Partial<FrameInView> = {}): FrameInView => ({
  connection: 1,
  frame,
  channel: 'orderbook_delta',
  market: () => 'KXA',
  ...fields,
})
const FRAMES = Array.from({ length: 20_000 }, (_, index) => index + 1)
const hit = (from: FaultPlan, connection = 1) =>
  FRAMES.filter((frame) => from.frameFaultOf(aFrame(frame, { connection }), 0) !== undefined)

test('a rate meets about so many frames, the same ones for the same seed and others for another', () => {
  const met = hit(plan('drop=1%'))
  expect(met.length).toBeGreaterThan(140)
  expect(met.length).toBeLessThan(260)
  expect(hit(plan('drop=1%'))).toEqual(met)
  expect(hit(plan('drop=1%', 8))).not.toEqual(met)
  expect(hit(plan('drop=1%'), 2)).not.toEqual(met)
})

test('what other connections are sent changes nothing for one', () => {
  const busy = plan('drop=1%')
  const met = FRAMES.filter((frame) => {
    busy.frameFaultOf(aFrame(frame, { connection: 2 }), 0)
    return busy.frameFaultOf(aFrame(frame), 0) !== undefined
  })
  expect(met).toEqual(hit(plan('drop=1%')))
})

test('the first fault of the spec that meets a frame happens to it', () => {
  expect(plan('drop=1,malformed=1').frameFaultOf(aFrame(1), 0)?.name).toBe('drop')
})

test('a rate holds within its window, for its targets', () => {
  const some = plan('malformed=1@10s-20s:trade:3:KXB')
  const aimed = { connection: 3, channel: 'trade', market: () => 'KXB' } as const
  expect(some.frameFaultOf(aFrame(1, aimed), 9_999)).toBeUndefined()
  expect(some.frameFaultOf(aFrame(2, aimed), 10_000)?.name).toBe('malformed')
  expect(some.frameFaultOf(aFrame(3, aimed), 20_000)).toBeUndefined()
  for (const other of [{ connection: 1 }, { channel: 'ticker' as const }, { market: () => 'KXA' }])
    expect(some.frameFaultOf(aFrame(4, { ...aimed, ...other }), 15_000)).toBeUndefined()
})

test('without a rate it happens to the first frame after its time, and to one after each further time', () => {
  const once = plan('drop@5s+10s')
  const met = [0, 4_999, 5_001, 5_002, 14_999, 15_000, 47_000, 47_001, 55_000].filter(
    (elapsedMs) => once.frameFaultOf(aFrame(1), elapsedMs) !== undefined,
  )
  expect(met).toEqual([5_001, 15_000, 47_000, 55_000])
})

test('lateness grows from the opening of a connection, or from its own beginning, up to a limit', () => {
  const late = plan('late=200ms/min@10s')
  expect(late.latenessMs(1, 0, 9_000)).toBe(0)
  expect(late.latenessMs(1, 0, 70_000)).toBe(200)
  expect(late.latenessMs(2, 40_000, 70_000)).toBe(100)
  expect(late.latenessMs(1, 0, 1e12)).toBe(LATE_MS_MAX)
  expect(plan('late=2s:2').latenessMs(1, 0, 70_000)).toBe(0)
  expect(plan('late=2s:2,late=1s').latenessMs(2, 0, 70_000)).toBe(3000)
  expect(plan('late=2s@0s-5s').latenessMs(2, 0, 5_000)).toBe(0)
})

test('a command is refused once, or as long as it lasts, where it is meant', () => {
  const once = plan('error=26@5s')
  expect([4_000, 6_000, 7_000].map((elapsedMs) => once.refusalOf(1, ['trade'], elapsedMs)?.code)).toEqual([
    undefined,
    26,
    undefined,
  ])
  const lasting = plan('error=27@5s-8s:trade')
  expect([6_000, 7_000, 8_000].map((elapsedMs) => lasting.refusalOf(1, ['trade'], elapsedMs)?.code)).toEqual([
    27,
    27,
    undefined,
  ])
  expect(lasting.refusalOf(1, ['ticker'], 6_000)).toBeUndefined()
  expect(plan('error=25@0s').refusalOf(1, ['trade'], 1)).toBeUndefined()
})

test('what lasts begins and ends, and repeats where it says so', () => {
  const moments = (spec: string, count: number) => {
    const all: string[] = []
    for (const { atMs, phase } of momentsOf(readFaultSpec(spec).faults[0]!)) {
      all.push(`${phase} ${atMs}`)
      if (all.length === count) break
    }
    return all
  }
  expect(moments('stall=5s@30s+60s', 4)).toEqual(['begin 30000', 'end 35000', 'begin 90000', 'end 95000'])
  expect(moments('flip@1s-3s', 9)).toEqual(['begin 1000', 'end 3000'])
  expect(moments('skew=+1s@2s', 9)).toEqual(['begin 2000'])
  expect(moments('cut@4s', 9)).toEqual(['begin 4000'])
})
