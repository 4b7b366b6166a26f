/** An S3-compatible store for tests: moto's server (PyPI `moto[server,s3]`), started as a program of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS_MAX = 30_000

/** The program: named by MOTO_SERVER, or found where programs are. */
export const MOTO = [
  process.env['MOTO_SERVER'],
  ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'moto_server')),
  '/tmp/moto/bin/moto_server',
].find((path) => path !== undefined && existsSync(path))

export const NO_MOTO = 'moto_server is not there: pip install "moto[server,s3]", or name it with MOTO_SERVER'

export type Moto = { readonly url: string; close(): Promise<void> }

/** Starts it on a free port, and sets the credentials that any client then takes. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = spawn(MOTO!, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing' })
  const endMs = performance.now() + START_MS_MAX
  while (!(await answers(url))) {
    if (server.exitCode !== null || performance.now() > endMs) throw new Error('moto_server did not start')
    await sleep(100)
  }
  return { url, close: () => ended(server) }
}

/** Makes a bucket; answers its name. */
export async function makeBucket(url: string, name: string): Promise<string> {
  const answer = await fetch(`${url}/${name}`, { method: 'PUT' })
  if (!answer.ok) throw new Error(`the bucket was not made: ${answer.status} ${await answer.text()}`)
  return name
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ status }) => status < 500,
    () => false,
  )

async function ended(server: ChildProcess): Promise<void> {
  const exited = new Promise((done) => server.once('exit', done))
  server.kill('SIGKILL')
  if (server.exitCode === null && server.signalCode === null) await exited
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
