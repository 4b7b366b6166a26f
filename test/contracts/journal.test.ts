import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { FileDisk, MemoryDisk } from '#journal'
import { keepsTheJournalContract } from './journal.ts'

const root = mkdtempSync(join(tmpdir(), 'kalshiflow-journal-'))
afterAll(() => rmSync(root, { recursive: true }))

keepsTheJournalContract('a journal in files', async () => ({
  disk: new FileDisk(),
  folder: mkdtempSync(join(root, 'case-')),
}))
keepsTheJournalContract('a journal in memory', async () => ({ disk: new MemoryDisk(), folder: '/journal' }))
