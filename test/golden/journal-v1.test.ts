/** The journal format is for ever: what was written once is read as it was, and the same records make the same bytes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FileDisk, verifyJournal } from '#journal'
import { type GoldenRecord, makeGoldenJournal, tellRecords } from '../../scripts/golden-journal.ts'

const golden = join(import.meta.dirname, 'journal-v1')
const records = JSON.parse(readFileSync(join(golden, 'records.json'), 'utf8')) as GoldenRecord[]

describe.each(['unsealed', 'sealed'])('the golden journal of version 1, %s', (form) => {
  test('is read record by record as it was written', async () => {
    expect(await tellRecords(new FileDisk(), join(golden, form))).toEqual(records)
  })

  test('is sound', async () => {
    const report = await verifyJournal({ disk: new FileDisk(), folder: join(golden, form) })
    expect(report).toMatchObject({ segments: 5, records: records.length, faults: [] })
  })
})

test('the writer still makes the bytes of version 1', async () => {
  const disk = await makeGoldenJournal()
  const names = readdirSync(join(golden, 'unsealed'))
  expect((await disk.list('/golden')).sort()).toEqual(names.sort())
  for (const name of names)
    expect(disk.peek(`/golden/${name}`)?.equals(readFileSync(join(golden, 'unsealed', name))), name).toBe(true)
})

test('holds every record type', () => {
  expect(new Set(records.map(({ type }) => type))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]))
})
