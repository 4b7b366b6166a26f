/** The archive in an S3-compatible store, against moto's server: put, proved, spoilt, lost, away and restored. */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ArchiveTarget, archiveJournal, openTarget, restoreJournal, verifyArchive } from '#archive'
import { FileDisk, verifyJournal } from '#journal'
import { keepsTheArchiveContract } from '../contracts/archive-target.ts'
import { MOTO, type Moto, makeBucket, NO_MOTO, startMoto } from './moto.ts'
import { recordSealed } from './sealed-recording.ts'

let moto: Moto
const folders: { remove(): void }[] = []

const fresh = async (): Promise<ArchiveTarget> =>
  openTarget({ to: `s3://${await makeBucket(moto.url, `b-${randomUUID()}`)}/some/prefix`, endpoint: moto.url })

const sealed = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.zst'))
      .map((name) => [name, readFileSync(`${folder}/${name}`).toString('base64')]),
  )

/** What somebody else does to an object: puts another there, or deletes it. */
async function tamper(target: ArchiveTarget, key: string, text: string | undefined): Promise<void> {
  const [, Bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(target.name)!
  const place = { Bucket: Bucket!, Key: `${prefix}/${key}` }
  const client = new S3Client({ endpoint: moto.url, forcePathStyle: true, region: 'us-east-1' })
  if (text === undefined) await client.send(new DeleteObjectCommand(place))
  else await client.send(new PutObjectCommand({ ...place, Body: text }))
  client.destroy()
}

describe.skipIf(MOTO === undefined)(`an S3-compatible store (${MOTO === undefined ? NO_MOTO : 'moto'})`, () => {
  beforeAll(async () => {
    moto = await startMoto()
  }, 60_000)
  afterAll(async () => {
    await moto?.close()
    for (const each of folders) each.remove()
  })

  keepsTheArchiveContract('S3', fresh)

  test('a recording archived, wiped and restored is the same, and a bad copy is found', async () => {
    const recorded = await recordSealed(5)
    folders.push(recorded)
    const journal = `${recorded.path}/journal`
    const before = sealed(journal)
    const target = await fresh()
    const options = { dataFolder: recorded.path, target, proof: 'digest' } as const
    const result = await archiveJournal(options)
    expect(result).toMatchObject({ behind: 0, failures: [], proved: Object.keys(before).length })
    const id = result.journal!
    expect(await verifyArchive(target, id)).toMatchObject({ segments: result.proved, faults: [] })
    const [first] = await target.list(`${id}/`)
    // The store itself keeps the digest that was sent, and says it.
    expect((await target.head(first!))?.sha256).toHaveLength(64)

    rmSync(journal, { recursive: true })
    await restoreJournal({ dataFolder: recorded.path, target })
    expect(sealed(journal)).toEqual(before)
    expect((await verifyJournal({ disk: new FileDisk(), folder: journal })).faults).toEqual([])

    const retention = { keepDays: 1, nowMs: Date.now() + 1e10, readBefore: Number.MAX_SAFE_INTEGER }
    await tamper(target, first!, 'spoilt')
    const spoilt = await archiveJournal({ ...options, retention })
    expect(spoilt).toMatchObject({ removed: 0, failures: [{ code: 'FLOW_ARCHIVE_CORRUPT', segment: 1 }] })
    expect(sealed(journal)).toEqual(before)
    await tamper(target, first!, undefined)
    expect(await archiveJournal({ ...options, retention })).toMatchObject({ removed: result.proved - 3, failures: [] })
    await restoreJournal({ dataFolder: recorded.path, target })
    expect(sealed(journal)).toEqual(before)
  }, 60_000)

  test('a store that is away is told, and nothing is removed', async () => {
    const recorded = await recordSealed(4)
    folders.push(recorded)
    const before = sealed(`${recorded.path}/journal`)
    const target = await openTarget({ to: 's3://nobody/here', endpoint: 'http://127.0.0.1:9' })
    const retention = { keepDays: 1, nowMs: Date.now() + 1e10, readBefore: Number.MAX_SAFE_INTEGER }
    const result = await archiveJournal({ dataFolder: recorded.path, target, proof: 'digest', retention })
    expect(result).toMatchObject({ removed: 0, failures: [{ code: 'FLOW_ARCHIVE_UNREACHABLE' }] })
    expect(sealed(`${recorded.path}/journal`)).toEqual(before)
    const noBucket = await openTarget({ to: `s3://no-such-${randomUUID()}`, endpoint: moto.url })
    const missing = await archiveJournal({ dataFolder: recorded.path, target: noBucket, proof: 'digest' })
    expect(missing.failures[0]?.message).toContain('NoSuchBucket')
    expect(missing.failures[0]?.message).not.toContain('testing')
  }, 60_000)
})
