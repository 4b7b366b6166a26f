/** `/rl/health` says 503 for each impairment while it lasts, and 200 otherwise: quiet markets are none. That of a database away: store.test.ts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { API_LIMITS } from '#api'
import { startExchange } from '#exchange'
import { FileDisk } from '#journal'
import { type CopyFacts, judgeHealth } from '../../src/api/health/judge-health.ts'
import type { RecorderFacts } from '../../src/api/recorder/recorder-watch.ts'
import { DEMO } from '../support/captures.ts'
import { pointedAt, run } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'
import { ADMIN, clientOf, type Service, serve, startOn } from './service.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

/** Quick to judge, so that a test need not wait for minutes. */
const QUICK = {
  recorderAskEveryMs: 50,
  notConnectedMsMax: 400,
  storeBehindMsMax: 400,
  recorderSilentMsMax: 800,
  copyBehindMsMax: 1_200,
}

async function quickly(options: Parameters<typeof serve>[0] = {}): Promise<Service> {
  const service = await serve({ adminToken: ADMIN, limits: QUICK, ...options })
  cleanups.push(() => service.close())
  await untilHealth(service, [])
  return service
}

type Asked = Pick<Service, 'get'>
async function codesOf({ get }: Asked): Promise<string[]> {
  const { status, body } = await get('/rl/health')
  const codes: string[] = body.reasons.map(({ code }: { code: string }) => code)
  expect([status, body.ready, body.live]).toEqual([codes.length === 0 ? 200 : 503, codes.length === 0, true])
  return codes
}

async function untilHealth(asked: Asked, codes: readonly string[]): Promise<void> {
  let found: string[] = []
  await until(
    `health says [${codes.join()}]`,
    async () => {
      found = await codesOf(asked)
      return found.join() === codes.join()
    },
    10_000,
  ).catch((error) => {
    throw new Error(`${error.message}; it said [${found.join()}]`)
  })
}

describe('health is impaired', () => {
  test('while an operator has paused the recording', async () => {
    const service = await quickly()
    await service.admin('pause')
    await untilHealth(service, ['paused'])
    expect((await service.get('/rl/health/live')).status).toBe(200)
    expect((await service.get('/rl/metrics')).text).toContain('kalshiflow_impaired{reason="paused"} 1')
    const told = () =>
      service.events.flatMap((event) => (event.kind === 'health_changed' ? [event.reasons.join()] : []))
    await until('the log heard of it', () => told().at(-1) === 'paused')
    await service.admin('resume')
    await untilHealth(service, [])
    await until('the log heard of the end', () => told().at(-1) === '')
  })

  test('when no connection has been live for too long, and not by one that is made again', async () => {
    const service = await quickly()
    service.exchange.faults.cut(1, 'terminate')
    const seen = new Set<string>()
    await until('it is connected again', async () => {
      for (const code of await codesOf(service)) seen.add(code)
      return (
        service.recorder.links.every(({ session }) => session.state === 'live') &&
        service.recorder.connectionsLost === 1
      )
    })
    expect([...seen]).toEqual([])
    service.exchange.faults.refuseHandshakes(1000, 503)
    for (const { id } of service.exchange.sent().connections) service.exchange.faults.cut(id, 'terminate')
    await untilHealth(service, ['not_connected'])
    service.exchange.faults.refuseHandshakes(0, 503)
    await untilHealth(service, [])
  })

  test('when one connection of several is down, with how many they are', async () => {
    const service = await quickly({ marketsPerConnection: 2 })
    expect(service.recorder.links).toHaveLength(3)
    service.exchange.faults.refuseHandshakes(1000, 503)
    service.exchange.faults.cut(1, 'terminate')
    await untilHealth(service, ['not_connected'])
    const [{ message }] = (await service.get('/rl/health')).body.reasons
    expect(message).toContain('1 of 3, with 2 markets')
    service.exchange.faults.refuseHandshakes(0, 503)
    await untilHealth(service, [])
  })

  test('while the disk refuses the journal', async () => {
    const disk = new BrittleDisk()
    const service = await quickly({ disk })
    disk.isBroken = true
    await untilHealth(service, ['journal_failing'])
    disk.isBroken = false
    await untilHealth(service, [])
  })

  test('without a recorder, until there is one again', async () => {
    const service = await quickly()
    await service.closeControl()
    await untilHealth(service, ['no_recorder'])
    expect((await service.admin('flush')).status).toBe(503)
    const { text } = await service.get('/rl/metrics')
    expect(text).toContain('kalshiflow_recorder_up 0')
    expect(text).not.toMatch(/^kalshiflow_frames_total /m)
    await service.openControl()
    await untilHealth(service, [])
  })

  test('while the recorder hangs, and when its process is gone', async () => {
    const exchange = await startExchange({ port: 0, keyType: 'ed25519', capture: DEMO, ratePerSecond: 300, loop: true })
    cleanups.push(() => exchange.close())
    const { path, remove } = aFolder()
    cleanups.push(remove)
    const args = ['record', '--data', path, '--no-store', '--markets', exchange.tickers.join()]
    const program = run(args, { ...pointedAt(exchange), PORT: '0' })
    cleanups.push(() => program.ended)
    cleanups.push(() => program.kill('SIGKILL'))
    const { api } = await startOn(path, { limits: { ...QUICK, recorderAnswerMsMax: 300 } })
    cleanups.push(() => api.close())
    const asked = clientOf(api.url)
    await until('the books are valid', async () => (await asked.get('/rl/markets?state=valid')).body.found === 6)
    await untilHealth(asked, [])
    program.kill('SIGSTOP')
    await untilHealth(asked, ['recorder_silent', 'copy_behind'])
    const { body } = await asked.get('/rl/orderbook/snapshot')
    expect(Object.values<{ doubt: string }>(body.snapshots).map(({ doubt }) => doubt)).toEqual(Array(6).fill('behind'))
    program.kill('SIGCONT')
    await untilHealth(asked, [])
    program.kill('SIGKILL')
    await untilHealth(asked, ['no_recorder'])
    await until('its books are in doubt', async () => {
      const { snapshots, state } = (await asked.get('/rl/orderbook/snapshot')).body
      return (
        state === 'finished' &&
        Object.values<{ doubt: string }>(snapshots).every(({ doubt }) => doubt === 'process_down')
      )
    })
  })
})

test('quiet markets are no impairment', async () => {
  const service = await quickly()
  for (const { id } of service.exchange.sent().connections) service.exchange.faults.stall(id)
  await until('all that was sent has come', () => service.recorder.fold.counts.frames === service.exchange.sent().total)
  const { frames } = service.recorder.fold.counts
  for (let looks = 0; looks < 20; looks++) {
    expect(await codesOf(service)).toEqual([])
    await sleep(50)
  }
  expect(service.recorder.fold.counts.frames).toBe(frames)
})

test('what a recorder without the service serves is health and metrics alone', async () => {
  const service = await serve({ routes: 'health' })
  cleanups.push(() => service.close())
  await untilHealth(service, [])
  const { status, text } = await service.get('/rl/metrics')
  expect([status, text.includes('kalshiflow_frames_total '), /^kalshiflow_copy_live /m.test(text)]).toEqual([
    200,
    true,
    false,
  ])
  for (const path of ['/rl/markets', '/rl/docs', '/rl/orderbook/snapshot', '/rl/ws', '/rl/admin/pause']) {
    expect((await service.get(path)).status, path).toBe(404)
  }
})

describe('the judgement', () => {
  const good = {
    up_ms: 3_600_000,
    journal: { failing: false, failed: null },
    disk: { free_bytes: 1e12, total_bytes: 2e12, days_left: 100, full: false },
    paused: null,
    store: { state: 'writing', behind_ms: 10, failures: 0, refused: null },
  }
  const facts = (changed: object, more: Partial<RecorderFacts> = {}): RecorderFacts =>
    ({
      status: { ...good, ...changed },
      ageMs: 10,
      isAbsent: false,
      notConnectedMs: 0,
      notConnected: { connections: 1, markets: 2, of: 3 },
      ...more,
    }) as RecorderFacts
  const codes = (changed: object, more: Partial<RecorderFacts> = {}, copy: CopyFacts = { behindMs: 5 }) =>
    judgeHealth(facts(changed, more), copy, API_LIMITS).reasons.map(({ code }) => code)
  const store = (changed: object) => ({ store: { ...good.store, ...changed } })

  test.each([
    ['nothing', codes({}), []],
    ['no store meant', codes({ store: null }), []],
    ['an unknown disk', codes({ disk: null }), []],
    ['a journal that failed for good', codes({ journal: { failing: true, failed: 'EIO' } }), ['journal_failed']],
    ['a small disk', codes({ disk: { free_bytes: 1e6, total_bytes: 2e7, days_left: 1, full: false } }), []],
    [
      'a full disk, which refuses the journal',
      codes({ disk: { free_bytes: 1e6, total_bytes: 1e12, full: true }, journal: { failing: true, failed: null } }),
      ['disk_full'],
    ],
    ['a store that refuses', codes(store({ state: 'refused', refused: 'why' })), ['store_refused']],
    ['a store that writes and is behind', codes(store({ behind_ms: 61_000 })), ['store_behind']],
    ['a store that waits and is behind', codes(store({ state: 'waiting', behind_ms: 61_000 })), ['store_unavailable']],
    ['a store that just began to wait', codes(store({ state: 'waiting', behind_ms: 5_000 })), []],
    ['a database that never opened', codes(store({ state: 'unavailable', failures: 9 })), ['store_unavailable']],
    ['no copy yet', judgeHealth(facts({}), undefined, API_LIMITS).reasons.map(({ code }) => code), ['copy_missing']],
    ['a copy that is behind', codes({}, {}, { behindMs: 5_001 }), ['copy_behind']],
    ['no copy meant', codes({}, {}, 'none'), []],
    ['an old answer', codes({}, { ageMs: 6_000 }), ['recorder_silent']],
    ['no answer yet', codes({}, { status: undefined, ageMs: 1e9 }), ['recorder_silent']],
    ['a connection lost a while ago', codes({}, { notConnectedMs: 60_000 }), []],
    [
      'two things at once',
      codes({ paused: { since: '2026-11-22T00:00:00Z', by: 'me' } }, { notConnectedMs: 61_000 }),
      ['paused', 'not_connected'],
    ],
  ])('of %s', (_what, found, wanted) => expect(found).toEqual(wanted))
})

/** A disk whose writes fail while it is broken. */
class BrittleDisk extends FileDisk {
  isBroken = false

  override async create(path: string) {
    const file = await super.create(path)
    const write = file.write.bind(file)
    file.write = async (bytes, offset) => {
      if (this.isBroken) throw Object.assign(new Error('the disk is broken'), { code: 'EIO' })
      await write(bytes, offset)
    }
    return file
  }
}
