/** What the simulation found: readers that follow the durable position of a journal whose disk fails. */
import { beforeEach, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { openCursor, type ReadFault } from './cursor.ts'
import { MemoryDisk, type Operation } from './disk-memory.ts'
import { type Journal, openJournal } from './journal.ts'
import { readHeader } from './segment.ts'

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
    segmentId: () => cursor.segmentId,
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

test('a block that the removed file had too is shown under the id of the new one', async () => {
  const follower = reader()
  expect(await follower.read()).toEqual([])
  const before = (await readHeader(disk, FOLDER, 1))?.id
  fail('sync', 1)
  write('first')
  await journal.flush()
  expect(await follower.read()).toEqual(['first'])
  const { id } = (await readHeader(disk, FOLDER, 1)) ?? {}
  expect(id).not.toBe(before)
  expect(follower.segmentId()).toBe(id)
  await follower.close()
  await journal.close()
})

test('a segment that was listed and then removed holds no reader up', async () => {
  const follower = reader()
  write('first')
  await journal.flush()
  // What a failed creation left, seen by the reader, in the way of the writer, and removed in the end.
  disk.plant(`${FOLDER}/0000000002.kfj`, Buffer.alloc(0))
  expect(await follower.read()).toEqual(['first'])
  const left = { sync: 1, create: 1 }
  disk.fault = (operation) =>
    (operation === 'sync' || operation === 'create') && left[operation]-- > 0 ? 'EIO' : undefined
  write('second')
  await journal.flush()
  expect(journal.durable.segment).toBe(3)
  await disk.remove(`${FOLDER}/0000000002.kfj`)
  expect(await follower.read()).toEqual(['second'])
  write('third')
  await journal.flush()
  expect(await follower.read()).toEqual(['third'])
  expect(faults).toEqual([])
  await follower.close()
  await journal.close()
})

test('a bound behind everything there is shows everything', async () => {
  write('all')
  await journal.flush()
  await journal.close()
  const texts: string[] = []
  const until = () => ({ segment: Number.MAX_SAFE_INTEGER, offset: 0 })
  for await (const { body } of openCursor({ disk, folder: FOLDER, until }).records()) {
    texts.push(Buffer.from(body).toString())
  }
  expect(texts).toEqual(['all'])
})
