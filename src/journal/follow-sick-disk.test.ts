/** What the simulation found: readers that follow the durable position of a journal whose disk fails. */
import { beforeEach, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { openCursor, type ReadFault } from './cursor.ts'
import { MemoryDisk, type Operation } from './disk-memory.ts'
import { type Journal, openJournal } from './journal.ts'

const FOLDER = '/journal'

let disk: MemoryDisk
let journal: Journal
let faults: ReadFault[]

beforeEach(async () => {
  disk = new MemoryDisk()
  faults = []
  journal = await openJournal({ disk, folder: FOLDER, environment: 'sim', commitIntervalMs: 1 })
})

const write = (text: string) => journal.append(RECORD.FRAME, 1, Buffer.from(text))

function reader() {
  const onFault = (fault: ReadFault) => faults.push(fault)
  const cursor = openCursor({ disk, folder: FOLDER, until: () => journal.durable, onFault })
  return {
    close: () => cursor.close(),
    async read(): Promise<string[]> {
      const texts: string[] = []
      for (let block = await cursor.nextBlock(); block !== undefined; block = await cursor.nextBlock()) {
        for (const { body } of block.records()) texts.push(Buffer.from(body).toString())
      }
      return texts
    },
  }
}

/** Fails so many operations of a kind, then none. */
function fail(kind: Operation, times: number): void {
  let left = times
  disk.fault = (operation) => (operation === kind && left-- > 0 ? 'EIO' : undefined)
}

test('what is written again in the next segment after a failed sync is read once', async () => {
  const follower = reader()
  write('durable')
  await journal.flush()
  expect(await follower.read()).toEqual(['durable'])
  fail('sync', 1)
  write('written twice')
  await journal.flush()
  expect(journal.durable.segment).toBe(2)
  expect(await follower.read()).toEqual(['written twice'])
  expect(faults).toEqual([])
  await follower.close()
  await journal.close()
})

test('a segment that was removed and made again under a reader is read in its new file', async () => {
  const follower = reader()
  // Entered before anything in it is durable.
  disk.fault = () => undefined
  expect(await follower.read()).toEqual([])
  let failed = 0
  disk.fault = async (operation) => {
    if (operation !== 'sync' || failed > 0) return undefined
    failed++
    await follower.read()
    return 'EIO'
  }
  write('first')
  await journal.flush()
  write('second')
  await journal.flush()
  expect(await follower.read()).toEqual(['first', 'second'])
  expect(faults).toEqual([])
  await follower.close()
  await journal.close()
})

test('a segment that was listed and then removed holds no reader up', async () => {
  const follower = reader()
  write('first')
  await journal.flush()
  expect(await follower.read()).toEqual(['first'])
  // The next segment is seen while it is made, and is gone when its turn comes.
  disk.plant(`${FOLDER}/0000000002.kfj`, Buffer.alloc(0))
  const bound = openCursor({ disk, folder: FOLDER, until: () => ({ segment: 3, offset: 0 }) })
  expect(await bound.nextBlock()).toBeDefined()
  expect(await bound.nextBlock()).toBeUndefined()
  await disk.remove(`${FOLDER}/0000000002.kfj`)
  fail('sync', 1)
  write('second')
  await journal.flush()
  const texts: string[] = []
  for (let block = await bound.nextBlock(); block !== undefined; block = await bound.nextBlock()) {
    for (const { body } of block.records()) texts.push(Buffer.from(body).toString())
  }
  expect(texts).toEqual(['second'])
  await bound.close()
  await follower.close()
  await journal.close()
})
