/** How late a copy says that it is: not for a feed that was quiet, and always for a journal that is stuck. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { until } from '../support/recording.ts'
import { recordSpoken } from './spoken-recorder.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function spoken() {
  const recording = await recordSpoken()
  cleanups.push(() => recording.close())
  return recording
}

test('a frame after a silence does not make the silence lateness', async () => {
  const { replica, link, journal, change } = await spoken()
  await sleep(1_300)
  change('A')
  // The recorder has it, and it is not durable yet.
  link.say()
  expect(replica.behindMs).toBeLessThan(200)
  expect(replica.doubtOf(replica.fold.market('B')!)).toBeUndefined()
  await journal.flush()
  link.say()
  await until('it is folded', () => replica.behindMs === 0)
})

test('a journal that makes nothing durable any more is found out, and is forgotten when it goes on', async () => {
  const { replica, link, journal, change } = await spoken()
  const { durable } = journal
  change('A')
  link.head = { ...link.head, head: journal.head, durable }
  link.tell()
  await until('it is behind', () => replica.state === 'catching_up', 3_000)
  expect(replica.view(replica.fold.market('B')!)).toMatchObject({ valid: false, doubt: 'behind' })
  await journal.flush()
  link.say()
  await until('it is live', () => replica.state === 'live')
  expect(replica.behindMs).toBe(0)
})

test('a record that the journal has no room for makes a copy late that has folded all there is', async () => {
  const { replica, link } = await spoken()
  link.head = { ...link.head, waitingMs: 4_900 }
  link.tell()
  expect(replica.behindMs).toBeGreaterThanOrEqual(4_900)
  expect(replica.doubtOf(replica.fold.market('B')!)).toBe('behind')
  link.head = { ...link.head, waitingMs: undefined }
  link.tell()
  expect(replica.behindMs).toBe(0)
})
