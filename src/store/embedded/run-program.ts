/** Runs a small program to its end, as another user where asked, with nothing of our own environment but what it is given. */
import { spawn } from 'node:child_process'

/** The user that a child runs as; `undefined` where it is handed around: as we do. */
export type ServerUser = { readonly uid: number; readonly gid: number }

export type Ran = {
  readonly code: number | null
  readonly failure: string | undefined
  readonly out: string
  readonly err: string
}

export type RunOptions = {
  readonly user?: ServerUser | undefined
  readonly input?: string
  /** The program is killed when it takes longer. */
  readonly limitMs: number
}

const OUTPUT_CHARACTERS_MAX = 64 * 1024

/** The environment of every child: messages in English, times in UTC, none of the user's `PG…` settings. */
export const CHILD_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', LANG: 'C', TZ: 'UTC' } as const

/** How it ended and what it said. `failure`: the Node code when it could not be run at all. Never rejects. */
export function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((done) => {
    let out = ''
    let err = ''
    let failure: string | undefined
    const child = spawn(command, args, {
      ...options.user,
      cwd: '/',
      env: CHILD_ENVIRONMENT,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.limitMs,
      killSignal: 'SIGKILL',
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out = (out + text).slice(-OUTPUT_CHARACTERS_MAX)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err = (err + text).slice(-OUTPUT_CHARACTERS_MAX)
    })
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin.on('error', () => {})
    child.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? 'UNKNOWN'
    })
    child.on('close', (code) => done({ code, failure, out, err }))
    child.stdin.end(options.input ?? '')
  })
}
