import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addRestore, tellRestored } from './restore.ts'

async function restore(...words: string[]): Promise<void> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined })
  addRestore(program)
  program.commands[0]!.exitOverride().configureOutput({ writeErr: () => undefined })
  await program.parseAsync([
    'node',
    'kalshiflow',
    'restore',
    '--archive-to',
    '/nowhere',
    '--data',
    '/nowhere',
    ...words,
  ])
}

test('a time without its zone, which would mean another here than there, is refused', async () => {
  await expect(restore('--from', '2026-11-22T08:00:00')).rejects.toThrow('2026-11-22T08:00:00Z')
  await expect(restore('--to', '22 Nov 2026')).rejects.toThrow('needed: a time')
})

test('a stretch of time that ends before it begins is refused', async () => {
  await expect(restore('--from', '2026-11-22', '--to', '2026-11-21T23:00:00+00:00')).rejects.toThrow(
    '--from must lie before --to',
  )
})

test('what is next is told of the folder that was restored, and not where nothing was', () => {
  const result = { journal: 'a', environment: 'sim', restored: 1, present: 0, bytes: 9, archived: 4, last: 4 }
  const text = tellRestored('/mnt', './restored', result)
  expect(text).toContain('1 segment restored, 0 were there, of 4')
  expect(text).toContain('`kalshiflow verify --data ./restored --no-database`')
  expect(tellRestored('/mnt', './restored', { ...result, restored: 0 })).toMatch(/^Nothing was restored: .*last one 4/)
})
