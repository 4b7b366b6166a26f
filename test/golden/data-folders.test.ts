/** Data folders of each released journal version are opened by today's program: read, verified, recovered and recorded into. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { FileDisk, listSegments, openJournal, sealSegment, verifyJournal } from '#journal'
import { type GoldenData, tellJournal } from '../../scripts/golden-data.ts'
import { aFolder } from '../support/recording.ts'

const FOLDERS = readdirSync(import.meta.dirname).filter((name) => /^data-v\d+$/.test(name))
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const each of cleanups.splice(0)) each()
})

/** A copy, since opening one to record changes it. */
function copyOf(name: string): { journal: string; expected: GoldenData } {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  cpSync(join(import.meta.dirname, name), path, { recursive: true })
  return { journal: join(path, 'journal'), expected: JSON.parse(readFileSync(join(path, 'expected.json'), 'utf8')) }
}

describe.each(FOLDERS)('%s', (name) => {
  test('has sealed segments, raw ones and a torn end, and reads as it did', async () => {
    const { journal, expected } = copyOf(name)
    const forms = (await listSegments(new FileDisk(), journal)).map(({ form }) => form)
    expect(new Set(forms)).toEqual(new Set(['sealed', 'raw']))
    expect(await tellJournal(journal)).toEqual(expected)
    const { faults, records } = await verifyJournal({ disk: new FileDisk(), folder: journal })
    expect(faults.map(({ kind }) => kind)).toEqual(['torn_tail'])
    expect(records).toBe(Object.values(expected.types).reduce((sum, each) => sum + each))
  })

  test('is recovered, recorded into and sealed, and loses nothing', async () => {
    const { journal, expected } = copyOf(name)
    const writer = await openJournal({ disk: new FileDisk(), folder: journal, environment: 'sim' })
    expect(writer.recovery.cutBytes).toBeGreaterThan(0)
    writer.append(RECORD.NOTE, 0, Buffer.from('{"text":"today"}'))
    await writer.close()
    for (const { number, form } of (await listSegments(new FileDisk(), journal)).slice(0, -1))
      if (form === 'raw') await sealSegment({ disk: new FileDisk(), folder: journal }, number)
    const { faults } = await verifyJournal({ disk: new FileDisk(), folder: journal })
    expect(faults).toEqual([])
    const { types, books } = await tellJournal(journal)
    for (const [type, count] of Object.entries(expected.types))
      expect([type, types[type]! >= count]).toEqual([type, true])
    expect(types[RECORD.FRAME]).toBe(expected.types[RECORD.FRAME])
    for (const [ticker, { sha256 }] of Object.entries(expected.books)) expect(books[ticker]?.sha256).toBe(sha256)
    rmSync(journal, { recursive: true })
  })
})

test('there is one for each version of the format', () => {
  expect(FOLDERS).toEqual(['data-v1'])
})
