/** The program as its user runs it: the launcher as a child process, with an environment of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'

export const LAUNCHER = join(resolve(import.meta.dirname, '../..'), 'bin/kalshiflow.mjs')

export type Ended = {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
  readonly ms: number
}

export type Running = {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** What it said so far. */
  out(): string
  err(): string
  /** Log lines by event. */
  logged(event: string): Record<string, unknown>[]
  kill(signal: NodeJS.Signals): void
}

/** Starts a command, in `folder` where one is named. Nothing of this process's own settings reaches it. */
export function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  folder?: string,
): Running {
  return start([LAUNCHER, ...args], environment, folder)
}

/** The same by way of another program, such as one that enters a namespace first. */
export function runThrough(
  through: readonly string[],
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Running {
  return start([...through.slice(1), process.execPath, LAUNCHER, ...args], environment, undefined, through[0])
}

/** The same without the launcher and with Node's debugger, for {@link evaluateInThread}. */
export function runInspected(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const main = join(resolve(import.meta.dirname, '../..'), 'src/app/main.ts')
  return start(['--conditions=source', '--inspect=0', main, ...args], environment)
}

function start(
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  folder: string | undefined = undefined,
  program: string = process.execPath,
): Running {
  const startedMs = performance.now()
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(program, command, {
    // A free port: programs of several tests run side by side.
    env: { PATH, HOME, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(folder === undefined ? {} : { cwd: folder }),
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) => done({ code, signal, out, err, ms: performance.now() - startedMs }))
  })
  return {
    child,
    ended,
    out: () => out,
    err: () => err,
    logged: (event) =>
      err
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line['event'] === event),
    kill: (signal) => void child.kill(signal),
  }
}

/** The environment that points a recorder at an exchange of ours. */
export const pointedAt = (exchange: { url: string; restUrl: string; keyPem: string }): Record<string, string> => ({
  KALSHI_WS_URL: exchange.url,
  KALSHI_API_URL: exchange.restUrl,
  KALSHI_API_KEY_ID: 'test',
  KALSHI_PRIVATE_KEY_CONTENT: exchange.keyPem,
  LOG_FORMAT: 'json',
})
