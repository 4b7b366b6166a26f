/** Profiles: whose settings are read, and where what they make goes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { run } from '../../../test/support/program.ts'
import { readConfig } from './config.ts'

const folders: string[] = []
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true, force: true })
})

function aFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-profile-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const DATABASE_URL = 'postgresql://u:p@127.0.0.1/d'

test('a profile has a folder of its own, and a schema of its own in a database that is named', () => {
  const of = (environment: Record<string, string>) => readConfig({ environment }).config
  expect(of({}).store.schema).toBe('kalshiflow')
  expect(of({ DATABASE_URL }).store.schema).toBe('kalshiflow')
  const named = of({ KALSHIFLOW_PROFILE: 'acct-2', DATABASE_URL })
  expect([named.dataFolder, named.store.schema]).toEqual(['./data/acct-2', 'kalshiflow_acct_2'])
  expect(of({ KALSHIFLOW_PROFILE: 'acct-2' }).store.schema).toBe('kalshiflow')
  expect(of({ KALSHIFLOW_PROFILE: 'acct-2', KALSHIFLOW_DATA: './else' }).dataFolder).toBe('./else')
})

test.each(['../etc', 'Demo', 'a_b', 'x'.repeat(33)])('%s is no name of a profile', (name) => {
  expect(() => readConfig({ environment: { KALSHIFLOW_PROFILE: name } })).toThrow(/KALSHIFLOW_PROFILE.*needed a name/)
})

test('settings are read from its file and from no other, whether the command line or the environment names it', async () => {
  const folder = aFolder({ '.env': 'KALSHIFLOW_SEAL=bad-plain', '.env.demo': 'KALSHIFLOW_SEAL=bad-demo' })
  const [plain, byFlag, byName] = await Promise.all([
    run(['sessions'], {}, folder).ended,
    run(['sessions', '--profile', 'demo'], {}, folder).ended,
    run(['sessions'], { KALSHIFLOW_PROFILE: 'demo' }, folder).ended,
  ])
  expect(plain.err).toContain('bad-plain')
  for (const { code, err } of [byFlag, byName]) {
    expect(code).toBe(2)
    expect(err).toContain('bad-demo')
    expect(err).not.toContain('bad-plain')
  }
})

test('without its file it is refused, so that a name mistyped records nothing', async () => {
  const { code, err } = await run(['start', '--profile', 'dmeo'], {}, aFolder({ '.env': '' })).ended
  expect(code).toBe(2)
  expect(err).toContain('.env.dmeo: found nothing')
})

test('a fault in the file of a profile names that file', async () => {
  const folder = aFolder({ '.env': 'PORT=1\n', '.env.demo': 'RL_LOG_LEVEL=loud\n' })
  const { code, err } = await run(['start', '--profile', 'demo'], {}, folder).ended
  expect([code, err]).toEqual([2, expect.stringContaining('Correct it in .env.demo, or remove it to take info.')])
})
