/** Parts beside a real recorder: what its REST client learns of the clock, and what is told of the disk. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { readConfig } from '#app'
import { RecorderRest } from '../../src/app/recorder/recorder-rest.ts'
import { checkFree, DiskWatch, FREE_BYTES_MIN } from '../../src/app/service/disk-watch.ts'
import { OutlookTeller } from '../../src/app/service/outlook-teller.ts'
import { DEMO } from '../support/captures.ts'
import { aLog, record, until } from '../support/recording.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function aRecording() {
  const recording = await record({ capture: DEMO, ratePerSecond: 1000, loop: true })
  cleanups.push(() => recording.close())
  return recording
}

/** A REST server whose clock is so far from ours. */
async function aRest(offMs: number): Promise<string> {
  const server = createServer((_, response) => {
    response.sendDate = false
    response.writeHead(200, { date: new Date(Date.now() - offMs).toUTCString() }).end('{"markets":[]}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  cleanups.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/trade-api/v2`
}

test.each([
  [3_600_000, 'ahead of'],
  [-5_000, 'behind'],
])('a clock that is off by %i ms is told once, with what to do', async (offMs, words) => {
  const { recorder } = await aRecording()
  const { log, of } = aLog()
  const environment = { KALSHI_WS_URL: 'ws://127.0.0.1:1/ws', KALSHI_API_URL: await aRest(offMs) }
  const rest = new RecorderRest(readConfig({ environment }).config, recorder, undefined, log)
  await rest.describe(['KXA'])
  await rest.describe(['KXB'])
  expect(Math.abs(rest.clockAheadMs! - offMs)).toBeLessThan(1_500)
  expect(of('clock_off')).toMatchObject([{ code: 'FLOW_CLOCK_OFF', msg: expect.stringContaining(words) }])
  expect(of('clock_off')[0]?.['msg']).toContain('NTP')
})

test('a clock that is right within the header’s second is not told of', async () => {
  const { recorder } = await aRecording()
  const { log, of } = aLog()
  const environment = { KALSHI_WS_URL: 'ws://127.0.0.1:1/ws', KALSHI_API_URL: await aRest(1_400) }
  const rest = new RecorderRest(readConfig({ environment }).config, recorder, undefined, log)
  await rest.describe(['KXA'])
  expect([rest.clockAheadMs, of('clock_off')]).toEqual([undefined, []])
})

test('the disk’s outlook is told as expected, and after a while as measured', async () => {
  const { recorder, folder } = await aRecording()
  const disk = new DiskWatch(folder)
  await disk.start()
  cleanups.push(() => disk.stop())
  await until('the folder was counted', () => disk.figures.usedBytes !== undefined)
  expect(disk.figures.freeBytes).toBeGreaterThan(0)
  const { log, of } = aLog()
  const kept = { seal: true, store: false }
  const outlook = new OutlookTeller({ recorder, store: () => undefined, disk, kept, log, measureAfterMs: 600 })
  cleanups.push(() => outlook.stop())
  outlook.start(6)
  await until('it was measured', () => of('disk_outlook').length === 2)
  expect(of('disk_outlook')[0]).toMatchObject({ basis: 'expected', framesPerSecond: 30 })
  const [, measured] = of('disk_outlook') as unknown as { basis: string; framesPerSecond: number; daysLeft: number }[]
  expect(measured?.basis).toBe('measured')
  expect(measured?.framesPerSecond).toBeGreaterThan(100)
  expect(measured?.framesPerSecond).toBeLessThan(5_000)
  expect(measured?.daysLeft).toBeGreaterThan(0)
})

test('a disk that is full is refused with what was found and what is needed', () => {
  const of = (freeBytes: number, totalBytes = 1e12) => ({ freeBytes, totalBytes })
  expect(() => checkFree('/data', of(FREE_BYTES_MIN))).not.toThrow()
  expect(() => checkFree('/data', of(1e6, 16e6))).not.toThrow()
  expect(() => checkFree('/data', undefined)).not.toThrow()
  expect(() => checkFree('/data', of(FREE_BYTES_MIN - 1e6))).toThrow(
    expect.objectContaining({
      code: 'FLOW_DISK_FULL',
      message: expect.stringMatching(/found 15 MiB.*needed.*--data/s),
    }),
  )
})
