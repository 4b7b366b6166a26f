/**
 * A recording that is archived, lost and restored is the same recording; and what is removed here is never the last copy,
 * whatever happens to the archive.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proveJournal, readBooks } from '#app'
import { type ArchiveResult, archiveJournal, openTarget, restoreJournal } from '#archive'
import { FileDisk, openCursor, type ReadFault, verifyJournal } from '#journal'
import { digestsOf } from '../support/fold.ts'
import { aFolder } from '../support/recording.ts'
import { recordSealed } from './sealed-recording.ts'

const DAYS_AHEAD_MS = 100 * 86_400_000

/** A recording of many segments, sealed, that nobody writes to any more. */
let recorded: ReturnType<typeof aFolder>
let work: ReturnType<typeof aFolder>
let cases = 0

beforeAll(async () => {
  recorded = await recordSealed(7)
  work = aFolder()
}, 60_000)
afterAll(() => {
  recorded.remove()
  work.remove()
})

/** A copy of the recording with an archive that is empty. */
function aCase() {
  const dataFolder = join(work.path, `data-${++cases}`)
  const archive = join(work.path, `archive-${cases}`)
  cpSync(recorded.path, dataFolder, { recursive: true })
  mkdirSync(archive)
  return { dataFolder, archive, journal: `${dataFolder}/journal` }
}

const archiveTo = async (dataFolder: string, archive: string, keepDays?: number): Promise<ArchiveResult> =>
  archiveJournal({
    dataFolder,
    target: await openTarget({ to: archive }),
    proof: 'digest',
    retention:
      keepDays === undefined
        ? undefined
        : { keepDays, nowMs: Date.now() + DAYS_AHEAD_MS, readBefore: Number.MAX_SAFE_INTEGER },
  })

const restoreFrom = async (archive: string, dataFolder: string, segments?: readonly [number, number]) =>
  restoreJournal({ dataFolder, target: await openTarget({ to: archive }), segments })

const files = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.zst') || name.endsWith('.manifest.json'))
      .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  )
const sealedNames = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.kfj.zst'))
const onlyFolderOf = (archive: string) => join(archive, readdirSync(archive)[0]!)

test('what is archived, wiped and restored is the same bytes, proved, with the same books', async () => {
  const { dataFolder, archive, journal } = aCase()
  const before = files(journal)
  const books = digestsOf((await readBooks({ folder: journal })).fold)
  const result = await archiveTo(dataFolder, archive)
  expect(result).toMatchObject({ behind: 0, failures: [], removed: 0 })
  expect(result.proved).toBe(sealedNames(journal).length)
  rmSync(dataFolder, { recursive: true })

  const restored = await restoreFrom(archive, dataFolder)
  expect(restored).toMatchObject({ restored: result.proved, present: 0, environment: 'sim' })
  expect(files(journal)).toEqual(before)
  expect((await verifyJournal({ disk: new FileDisk(), folder: journal })).faults).toEqual([])
  expect(digestsOf((await readBooks({ folder: journal })).fold)).toEqual(books)
  expect(await restoreFrom(archive, dataFolder)).toMatchObject({ restored: 0, present: result.proved })
})

test('a second time nothing is sent, and after a cut the rest', async () => {
  const { dataFolder, archive, journal } = aCase()
  const first = await archiveTo(dataFolder, archive)
  expect((await archiveTo(dataFolder, archive)).archived).toBe(0)
  const [name] = readdirSync(onlyFolderOf(archive)).filter((each) => each.endsWith('.manifest.json'))
  // Died between a segment and its manifest; and whoever looks knows nothing of before.
  rmSync(join(onlyFolderOf(archive), name!))
  rmSync(join(dataFolder, 'archive.json'))
  expect(await archiveTo(dataFolder, archive)).toMatchObject({ archived: first.proved, behind: 0, failures: [] })
  expect(readdirSync(onlyFolderOf(archive)).filter((each) => each.endsWith('.part'))).toEqual([])
  expect(sealedNames(onlyFolderOf(archive))).toEqual(sealedNames(journal))
})

describe('an archive that is not what it should be', () => {
  test('something else under a segment’s name is told and never overwritten', async () => {
    const { dataFolder, archive, journal } = aCase()
    const { journal: id } = (await archiveTo(dataFolder, archive)) as { journal: string }
    const path = join(archive, id, sealedNames(journal)[0]!)
    const foreign = Buffer.alloc(readFileSync(path).length, 7)
    writeFileSync(path, foreign)
    rmSync(join(dataFolder, 'archive.json'))
    const result = await archiveTo(dataFolder, archive)
    expect(result.failures.map(({ code }) => code)).toEqual(['FLOW_ARCHIVE_DIFFERENT'])
    expect(result.behind).toBe(1)
    expect(readFileSync(path).equals(foreign)).toBe(true)
  })

  test('a segment that is spoilt here is not archived', async () => {
    const { dataFolder, archive, journal } = aCase()
    const path = join(journal, sealedNames(journal)[1]!)
    const bytes = readFileSync(path)
    bytes[100]! ^= 1
    writeFileSync(path, bytes)
    const result = await archiveTo(dataFolder, archive)
    expect(result.failures.map(({ code, segment }) => [code, segment])).toEqual([['FLOW_ARCHIVE_LOCAL', 2]])
    expect(sealedNames(onlyFolderOf(archive))).not.toContain(sealedNames(journal)[1])
  })

  test('a copy that is spoilt there is not restored', async () => {
    const { dataFolder, archive } = aCase()
    await archiveTo(dataFolder, archive)
    const path = join(onlyFolderOf(archive), sealedNames(onlyFolderOf(archive))[2]!)
    const bytes = readFileSync(path)
    bytes[50]! ^= 1
    writeFileSync(path, bytes)
    const fresh = join(work.path, `fresh-${cases}`)
    await expect(restoreFrom(archive, fresh)).rejects.toMatchObject({ code: 'FLOW_ARCHIVE_CORRUPT' })
    expect(sealedNames(`${fresh}/journal`)).toHaveLength(2)
    expect((await verifyJournal({ disk: new FileDisk(), folder: `${fresh}/journal` })).faults).toEqual([])
  })

  test('two journals in one archive do not meet, and neither goes into the other’s folder', async () => {
    const one = aCase()
    const other = await recordSealed(1)
    await archiveTo(one.dataFolder, one.archive)
    const second = await archiveTo(other.path, one.archive)
    expect(second).toMatchObject({ behind: 0, failures: [] })
    expect(readdirSync(one.archive)).toHaveLength(2)
    await expect(restoreFrom(one.archive, join(work.path, 'which'))).rejects.toMatchObject({
      code: 'FLOW_ARCHIVE_JOURNAL',
    })
    const target = await openTarget({ to: one.archive })
    await expect(restoreJournal({ dataFolder: one.dataFolder, target, journal: second.journal })).rejects.toMatchObject(
      { code: 'FLOW_ARCHIVE_JOURNAL' },
    )
    other.remove()
  })
})

describe('what is old', () => {
  test('stays by default', async () => {
    const { dataFolder, archive, journal } = aCase()
    const before = sealedNames(journal)
    expect((await archiveTo(dataFolder, archive)).removed).toBe(0)
    expect(sealedNames(journal)).toEqual(before)
  })

  test('goes once its copy is proved, is told of by whoever reads, and comes back', async () => {
    const { dataFolder, archive, journal } = aCase()
    const before = files(journal)
    const count = sealedNames(journal).length
    const { removed } = await archiveTo(dataFolder, archive, 30)
    expect(removed).toBe(count - 3)
    expect(sealedNames(journal)).toHaveLength(3)

    const faults: ReadFault[] = []
    for await (const block of openCursor({
      disk: new FileDisk(),
      folder: journal,
      onFault: (each) => faults.push(each),
    }))
      while (block.next());
    expect(faults).toEqual([{ kind: 'archived', segment: removed + 1, first: 1, last: removed, target: archive }])
    const proof = await proveJournal({ folder: journal, schema: 'kalshiflow' })
    expect(proof.faults).toEqual([])
    expect(proof.journal.archived).toEqual([expect.stringContaining(`segments 1 to ${removed}`)])
    expect(Object.values(digestsOf((await readBooks({ folder: journal })).fold))).toHaveLength(6)

    await restoreFrom(archive, dataFolder, [2, removed])
    const middle = await proveJournal({ folder: journal, schema: 'kalshiflow' })
    expect(middle.faults).toEqual([])
    expect(middle.journal.archived).toEqual([expect.stringContaining('segment 1 of')])
    await restoreFrom(archive, dataFolder)
    expect(files(journal)).toEqual(before)
    expect((await verifyJournal({ disk: new FileDisk(), folder: journal })).faults).toEqual([])
  })

  test('stays while the archive is away', async () => {
    const { dataFolder, archive, journal } = aCase()
    await archiveTo(dataFolder, archive)
    rmSync(archive, { recursive: true })
    const before = sealedNames(journal)
    const result = await archiveTo(dataFolder, archive, 30)
    expect(result).toMatchObject({ removed: 0, failures: [{ code: 'FLOW_ARCHIVE_UNREACHABLE' }] })
    expect(sealedNames(journal)).toEqual(before)
  })

  test('stays when the copy is spoilt or gone, and so does all behind it', async () => {
    const { dataFolder, archive, journal } = aCase()
    await archiveTo(dataFolder, archive)
    const before = sealedNames(journal)
    const path = join(onlyFolderOf(archive), before[1]!)
    const whole = readFileSync(path)
    writeFileSync(path, Buffer.concat([whole.subarray(0, -1), Buffer.from([whole.at(-1)! ^ 1])]))
    const result = await archiveTo(dataFolder, archive, 30)
    expect(result).toMatchObject({ removed: 1, failures: [{ code: 'FLOW_ARCHIVE_CORRUPT', segment: 2 }] })
    expect(sealedNames(journal)).toEqual(before.slice(1))

    rmSync(path)
    expect(await archiveTo(dataFolder, archive, 30)).toMatchObject({ failures: [] })
    expect(readFileSync(path).equals(whole)).toBe(true)
  })

  test('stays when an empty disk is mounted where the archive was: it is archived anew first', async () => {
    const { dataFolder, archive, journal } = aCase()
    await archiveTo(dataFolder, archive)
    rmSync(archive, { recursive: true })
    mkdirSync(archive)
    const count = sealedNames(journal).length
    const result = await archiveTo(dataFolder, archive, 30)
    expect(result).toMatchObject({ archived: count, removed: count - 3, failures: [] })
    expect(sealedNames(onlyFolderOf(archive))).toHaveLength(count)
  })
})

test('a segment that is missing without having been archived is a broken chain as ever', async () => {
  const { dataFolder, archive, journal } = aCase()
  await archiveTo(dataFolder, archive, 30)
  const [next] = sealedNames(journal)
  copyFileSync(join(journal, next!), join(work.path, 'aside'))
  rmSync(join(journal, next!))
  const { faults } = await proveJournal({ folder: journal, schema: 'kalshiflow' })
  expect(faults).toEqual([expect.stringContaining('are missing or come from another copy')])
})
