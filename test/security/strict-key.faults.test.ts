/** What a key may do: told in the log when it is more than reading, and refused where that is asked for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningExchange, startExchange } from '#exchange'
import { FileDisk, openCursor } from '#journal'
import { pointedAt, run } from '../support/program.ts'

const SCOPES = { reading: ['read', 'read::portfolio_balance'], trading: ['read', 'write::trade'], untold: [] } as const
const exchanges = {} as Record<keyof typeof SCOPES, RunningExchange>
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-scopes-'))
  for (const name of Object.keys(SCOPES) as (keyof typeof SCOPES)[])
    exchanges[name] = await startExchange({ port: 0, keyType: 'ed25519', markets: 3, keyScopes: SCOPES[name] })
})
afterAll(async () => {
  for (const each of Object.values(exchanges)) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

const record = (name: keyof typeof SCOPES, ...args: string[]) =>
  run(
    ['record', '--no-store', '--no-serve', '--for', '1s', '--data', join(folder, `${name}${args.join('')}`), ...args],
    pointedAt(exchanges[name]),
  )

describe('a key that may trade', () => {
  test('is told of by its scopes, records all the same, and no answer about keys is in the journal', async () => {
    const program = record('trading')
    const { code } = await program.ended
    expect(code).toBe(0)
    expect(program.logged('key_scopes')).toMatchObject([
      { scopes: 'write::trade', msg: expect.stringContaining('`read` alone') },
    ])
    for await (const { body } of openCursor({
      disk: new FileDisk(),
      folder: join(folder, 'trading/journal'),
    }).records())
      expect(Buffer.from(body).includes('api_keys')).toBe(false)
  })

  test('is refused with --strict-key before anything is connected or written', async () => {
    const { code, err } = await record('trading', '--strict-key').ended
    expect(code).toBe(2)
    expect(err).toContain('FLOW_KEY_SCOPES')
    expect(exchanges.trading.sent().connections.length).toBe(1)
  })
})

test('a key of which the exchange does not tell is refused with --strict-key, and a remark without', async () => {
  const [strict, plain] = [record('untold', '--strict-key'), record('untold')]
  expect((await strict.ended).code).toBe(2)
  expect((await plain.ended).code).toBe(0)
  expect(plain.logged('key_scopes')).toMatchObject([{ scopes: 'untold', level: 'info' }])
})

test('a key that can only read records under --strict-key, without a word', async () => {
  const program = record('reading', '--strict-key')
  expect((await program.ended).code).toBe(0)
  expect(program.logged('key_scopes')).toEqual([])
})
