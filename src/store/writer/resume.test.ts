/** A store that was started anew writes what one long reading would have written. */
import { expect, test } from 'vitest'
import { type Position, RECORD } from '#domain'
import { encodeJson, ManualClock, MemoryDisk, openJournal } from '#journal'
import { StoreWriter } from '../index.ts'
import { MemoryStore } from '../memory/memory-store.ts'

const START_NS = 1_800_000_000_000_000_000n
const OPENED = { host: 'test', environment: 'sim', useYesPrice: true, firstSeq: 'one' } as const

async function store(disk: MemoryDisk, database: MemoryStore, until: Position): Promise<void> {
  const writer = new StoreWriter({ journalFolder: 'j', database, durable: () => until, disk, flushIntervalMs: 1 })
  const running = writer.run()
  expect(await writer.drain(5_000)).toMatchObject({ isComplete: true })
  await writer.stop()
  await running
}

test('the last proof of a run that died is no step of the clock, wherever the store begins', async () => {
  const disk = new MemoryDisk()
  const clock = new ManualClock(START_NS)
  const run = async (session: string) => {
    const journal = await openJournal({ disk, folder: 'j', environment: 'sim', clock, commitIntervalMs: 1 })
    journal.append(RECORD.SESSION, 0, encodeJson({ event: 'started', session, version: 'test' }))
    return journal
  }
  const first = await run('00000000-0000-4000-8000-000000000001')
  first.append(RECORD.CONNECTION_OPENED, 1, encodeJson(OPENED))
  clock.advance(2e9)
  clock.stepWall(5_000_000_000n)
  first.stamp()
  await first.flush()
  const stepped = first.durable
  await first.close()
  clock.advance(1e9)
  const second = await run('00000000-0000-4000-8000-000000000002')
  await second.flush()

  const [inOne, anew] = [new MemoryStore(), new MemoryStore()]
  await store(disk, inOne, second.durable)
  await store(disk, anew, stepped)
  await store(disk, anew, second.durable)
  for (const each of [inOne, anew]) {
    expect(each.rows('rl_connections')).toMatchObject([{ cause: 'process_down', last_proof_ns: START_NS }])
  }
  await second.close()
})
