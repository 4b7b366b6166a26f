import { existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { aFolder, bundledNodeFolder, cloneHead, plainEnvironment, ROOT, run } from './fresh.ts'

const folder = aFolder('pack')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the shipped package', () => {
  it('is built, packed, installed globally and runs from there', () => {
    const env = plainEnvironment(bundledNodeFolder())
    const clone = cloneHead(join(folder, 'clone'))
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
    const packed = run('npm', ['pack', '--pack-destination', folder], clone, env)
    expect([packed.code, packed.err]).toEqual([0, expect.anything()])
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)

    const prefix = join(folder, 'prefix')
    const installed = run('npm', ['i', '-g', '--prefix', prefix, '--no-audit', '--no-fund', file], folder, env)
    expect([installed.code, installed.code === 0 ? '' : installed.err]).toEqual([0, ''])

    const home = join(prefix, 'lib/node_modules/kalshiflow')
    expect(existsSync(join(home, 'dist/domain/index.js'))).toBe(true)
    expect(existsSync(join(home, 'src'))).toBe(false)
    expect(existsSync(join(home, '.env.example'))).toBe(true)

    const program = join(prefix, 'bin/kalshiflow')
    const version = run(program, ['--version'], folder, env)
    if (!existsSync(join(clone, 'src/app/main.ts'))) {
      // The launcher is all that there is to run; it must say so and not crash.
      expect([version.code, version.err]).toEqual([2, expect.stringContaining('not whole')])
      return
    }
    expect([version.code, version.out.trim()]).toEqual([0, expect.stringMatching(/\d+\.\d+\.\d+/)])
    const help = run(program, ['--help'], folder, env)
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('start')])
  })
})
