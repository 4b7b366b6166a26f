import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { aFolder, bundledNodeFolder, cloneHead, plainEnvironment, run, systemNode } from './fresh.ts'

const folder = aFolder('install')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a fresh clone', () => {
  it.skipIf(systemNode() === undefined)(
    'installs and runs with the system’s npm and Node (skipped where there is none)',
    () => {
      installs(join(folder, 'system'), 'npm', plainEnvironment())
    },
  )

  it('installs and runs with npm 12 on Node 24', () => {
    const env = plainEnvironment(bundledNodeFolder())
    const tools = join(folder, 'tools')
    const fetched = run('npm', ['i', '--prefix', tools, '--no-audit', '--no-fund', 'npm@12'], folder, env)
    expect([fetched.code, fetched.code === 0 ? '' : fetched.err]).toEqual([0, ''])
    const npm = join(tools, 'node_modules/.bin/npm')
    expect(run(npm, ['--version'], folder, env).out).toMatch(/^12\./)
    installs(join(folder, 'npm12'), npm, env)
  })
})

function installs(clone: string, npm: string, env: NodeJS.ProcessEnv): void {
  cloneHead(clone)
  const installed = run(npm, ['ci', '--no-audit', '--no-fund'], clone, env)
  expect([installed.code, installed.code === 0 ? '' : installed.err]).toEqual([0, ''])
  expect(installed.out + installed.err, 'engines that do not fit').not.toContain('EBADENGINE')
  const version = run('node', ['bin/kalshiflow.mjs', '--version'], clone, env)
  expect([version.code, version.out.trim()]).toEqual([0, expect.stringMatching(/\d+\.\d+\.\d+/)])
}
