import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openTarget } from '#archive'
import { keepsTheArchiveContract } from './archive-target.ts'

const root = mkdtempSync(join(tmpdir(), 'kalshiflow-archive-'))
afterAll(() => rmSync(root, { recursive: true }))

keepsTheArchiveContract('a folder', () => openTarget({ to: mkdtempSync(join(root, 'case-')) }))

test('a folder that is not there is not made: the disk may not be mounted', async () => {
  const target = await openTarget({ to: join(root, 'not-mounted') })
  await expect(target.list('')).rejects.toMatchObject({ code: 'FLOW_ARCHIVE_UNREACHABLE' })
})

test.each(['', 'ftp://host/x', 's3://', 's3:///prefix', 's3://a'])('%j is no archive', async (to) => {
  await expect(openTarget({ to })).rejects.toMatchObject({ code: 'FLOW_ARCHIVE_TARGET' })
})
