import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { aFolder, plainEnvironment, ROOT, run, systemNode } from './fresh.ts'

// A path that is no URL as it stands: import() of it needs care.
const home = join(aFolder('launcher'), 'a #b%20c')
const launcher = join(home, 'bin/kalshiflow.mjs')
mkdirSync(join(home, 'bin'), { recursive: true })
mkdirSync(join(home, 'dist/app'), { recursive: true })
cpSync(join(ROOT, 'bin/kalshiflow.mjs'), launcher)
symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
writeFileSync(join(home, 'package.json'), '{"type":"module"}')
writeFileSync(
  join(home, 'dist/app/main.js'),
  `const [what, code] = process.argv.slice(2)
   if (what === 'exit') process.exit(Number(code))
   if (what === 'tell') console.log(JSON.stringify({ node: process.version, args: process.argv.slice(2) }))
   if (what === 'die') process.kill(process.pid, code)
   if (what === 'wait') {
     for (const [signal, code] of [['SIGINT', 41], ['SIGTERM', 42], ['SIGHUP', 43], ['SIGUSR2', 44]]) process.on(signal, () => process.exit(code))
     setTimeout(() => process.exit(1), 15000)
     console.log(process.pid)
   }`,
)
afterAll(() => rmSync(join(home, '..'), { recursive: true, force: true }))

const nodes: [string, string][] = [['the bundled Node', process.execPath]]
const system = systemNode()
if (system !== undefined && system !== process.execPath) nodes.push(['the system’s Node', system])

describe.each(nodes)('the launcher on %s', (_, node) => {
  const env = plainEnvironment()
  const children: ChildProcess[] = []
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  async function waiting(): Promise<{ child: ChildProcess; pid: number }> {
    const child = spawn(node, [launcher, 'wait'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const [text] = await once(child.stdout!, 'data')
    return { child, pid: Number(String(text)) }
  }

  it('runs the program on Node 24 or newer with its arguments as they are', () => {
    const { code, out } = run(node, [launcher, 'tell', '--flag', 'two words', ''], home, env)
    const told = JSON.parse(out)
    expect([code, told.args]).toEqual([0, ['tell', '--flag', 'two words', '']])
    expect(Number(told.node.slice(1).split('.')[0])).toBeGreaterThanOrEqual(24)
  })

  it('ends with the exit code of the program', () => {
    expect([0, 1, 2, 77].map((code) => run(node, [launcher, 'exit', String(code)], home, env).code)).toEqual([
      0, 1, 2, 77,
    ])
  })

  it.each([
    ['SIGINT', 41],
    ['SIGTERM', 42],
    ['SIGHUP', 43],
    ['SIGUSR2', 44],
  ] as const)('passes %s on to the program', async (signal, code) => {
    const { child } = await waiting()
    child.kill(signal)
    expect((await once(child, 'exit'))[0]).toBe(code)
  })

  it('ends by the signal that ended the program', async () => {
    const child = spawn(node, [launcher, 'die', 'SIGKILL'], { env, stdio: 'ignore' })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  })

  it('leaves no program behind when it is killed outright', async () => {
    const { child, pid } = await waiting()
    child.kill('SIGKILL')
    await once(child, 'exit')
    for (let waitedMs = 0; isAlive(pid) && waitedMs < 5_000; waitedMs += 50) await sleep(50)
    expect(isAlive(pid)).toBe(false)
  })
})

it('says what is missing in a copy that is not whole', () => {
  const bare = aFolder('bare')
  mkdirSync(join(bare, 'bin'))
  cpSync(launcher, join(bare, 'bin/kalshiflow.mjs'))
  const { code, err } = run(process.execPath, [join(bare, 'bin/kalshiflow.mjs')], bare, plainEnvironment())
  expect([code, err]).toEqual([2, expect.stringContaining('not whole')])
  rmSync(bare, { recursive: true, force: true })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
