/** A supervised thread comes back from whatever happens to it, and never for ever in vain. */
import { afterEach, expect, test } from 'vitest'
import { SupervisedThread, type ThreadEvent, type ThreadLimits } from '../../src/app/threads/supervised-thread.ts'
import { until } from '../support/recording.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

type Answer = { readonly number: number }

function aThread(data: (before: Answer | undefined) => unknown, limits: Partial<ThreadLimits> = {}) {
  const events: ThreadEvent[] = []
  const told: unknown[] = []
  const thread = new SupervisedThread<Answer>({
    file: new URL('./sample-worker.ts', import.meta.url),
    data,
    onEvent: (event) => void events.push(event),
    onTold: (event) => void told.push(event),
    limits: { retryMsMin: 20, retryMsMax: 100, ...limits },
  })
  open.push(thread)
  return { thread, events, told }
}

const counting = (before: Answer | undefined) => ({ number: (before?.number ?? 0) + 1 })

test('a thread that crashes is started anew, told what the one before it answered, and counted', async () => {
  const { thread, events } = aThread(counting)
  expect(await thread.start()).toEqual({ number: 1 })
  thread.post('crash')
  await until('it is back', () => thread.answer?.number === 2)
  expect(thread.status()).toEqual({ state: 'ready', restarts: 1, lastError: 'told to crash' })
  await until('it was told', () => events.length === 2)
  expect(events).toEqual([
    { kind: 'restarting', why: 'told to crash', restarts: 1, retryMs: 20 },
    { kind: 'ready_again', restarts: 1 },
  ])
})

test('a thread that hangs is ended and started anew', async () => {
  const { thread } = aThread(counting, { silenceMsMax: 1_200 })
  await thread.start()
  thread.post('hang')
  await until('it is back', () => thread.answer?.number === 2)
  expect(thread.status().lastError).toMatch(/no sign of life for 1\.\d s/)
})

test('waits between quick ends grow up to their limit, and a thread that later refuses is tried again', async () => {
  const { thread, events } = aThread((before) => (before === undefined ? { number: 1 } : { refuse: 'FLOW_NO' }))
  await thread.start()
  thread.post('crash')
  const waits = () => events.flatMap((event) => (event.kind === 'restarting' ? [event.retryMs] : []))
  await until('it was tried five times', () => waits().length >= 5)
  expect(waits().slice(0, 5)).toEqual([20, 40, 80, 100, 100])
  expect(events[1]).toMatchObject({ why: 'it will not' })
})

test('a first thread that refuses to start says why, and none is started anew', async () => {
  const { thread, events } = aThread(() => ({ refuse: 'FLOW_NO' }))
  await expect(thread.start()).rejects.toMatchObject({ code: 'FLOW_NO', message: 'it will not' })
  expect([thread.status().state, events]).toEqual(['ended', []])
})

test('a thread that never becomes ready is given up', async () => {
  const { thread } = aThread(() => ({ dawdle: true }), { startMsMax: 700, closeMsMax: 100 })
  await expect(thread.start()).rejects.toMatchObject({ message: expect.stringMatching(/^not ready within/) })
})

test('told to close it ends by itself, and one that hangs is ended all the same', async () => {
  const { thread, told } = aThread(counting)
  await thread.start()
  await thread.close()
  expect(told).toEqual(['closed'])
  const hung = aThread(counting, { closeMsMax: 200 })
  await hung.thread.start()
  hung.thread.post('hang')
  const startedMs = performance.now()
  await hung.thread.close()
  expect(performance.now() - startedMs).toBeLessThan(1_500)
  expect(hung.thread.status()).toMatchObject({ state: 'ended', restarts: 0 })
})
