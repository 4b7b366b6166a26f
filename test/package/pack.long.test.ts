import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { aFolder, bundledNodeFolder, cloneHead, plainEnvironment, ROOT, run } from './fresh.ts'

const folder = aFolder('pack')
// Root's server runs as another user, who must be able to reach it.
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the shipped package', () => {
  it('is built, packed, installed globally, and records and serves from there', async () => {
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
    expect([version.code, version.out.trim()]).toEqual([0, expect.stringMatching(/\d+\.\d+\.\d+/)])
    const help = run(program, ['--help'], folder, env)
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('start')])
    await recordsAndServes(program, env)
  })
})

/** `start --sim --for`, which is healthy meanwhile and leaves everything on disk; a slow machine has made no database by then (3). */
async function recordsAndServes(program: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['start', '--sim', '--for', '8s', '--port', '0', '--data', join(folder, 'data'), '--json']
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...env, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  const ended = new Promise<number | null>((done) => child.on('close', done))
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const url = () =>
    /"url":"(http:[^"]+)"/.exec(err.split('\n').find((line) => line.includes('"api_listening"')) ?? '')?.[1]
  let health: unknown
  while (!isOver() && health === undefined) {
    const at = url()
    const answer = at === undefined ? undefined : await fetch(new URL('/rl/health', at)).catch(() => undefined)
    if (answer?.status === 200) health = await answer.json()
    else await sleep(50)
  }
  expect(health, err.slice(-3000)).toMatchObject({ status: 'healthy' })
  expect([0, 3], err.slice(-3000)).toContain(await ended)
  expect(JSON.parse(out)).toMatchObject({ isComplete: true })
}
