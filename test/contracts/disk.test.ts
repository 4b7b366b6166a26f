import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { FileDisk, MemoryDisk } from '#journal'
import { keepsTheDiskContract } from './disk.ts'

const root = mkdtempSync(join(tmpdir(), 'kalshiflow-disk-'))
afterAll(() => rmSync(root, { recursive: true }))

keepsTheDiskContract('FileDisk', async () => ({ disk: new FileDisk(), folder: mkdtempSync(join(root, 'case-')) }))
keepsTheDiskContract('MemoryDisk', async () => ({ disk: new MemoryDisk(), folder: '/disk' }))
