/** What the tests of the embedded server share: folders, holders in processes of their own, and questions to a server. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { DatabaseEvent } from '#store'

export type Line = DatabaseEvent | { kind: 'held'; url: string; serverVersion: string } | { kind: 'released' } | Refused
type Refused = { readonly kind: 'refused'; readonly code: string; readonly message: string }
type LineOf<Kind extends Line['kind']> = Extract<Line, { readonly kind: Kind }>

export const isRoot = process.getuid!() === 0
/** A user without rights, for what root alone cannot show. */
export const NOBODY = 65_534

/** A folder of its own; a server that a failed test left behind in it is ended with it. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kalshiflow-db-'))
  // As root the server runs as another user, who must be able to pass through.
  await chmod(folder, 0o755)
  try {
    await work(folder)
  } finally {
    endServer(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

function endServer(folder: string): void {
  for (const pid of serversUnder(folder)) process.kill(pid, 'SIGKILL')
}

/** The processes that were started as servers of files under that folder. */
export function serversUnder(folder: string): number[] {
  if (!existsSync('/proc/self/cmdline')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(`-D\0${folder}/`)
      } catch {
        return false
      }
    })
    .map(Number)
}

export class Holder {
  readonly child: ChildProcess
  readonly lines: Line[] = []
  #rest = ''
  errors = ''

  constructor(dataFolder: string, options: { uid?: number; binariesFolder?: string } = {}) {
    const program = join(import.meta.dirname, 'database-holder.ts')
    const args = [
      '--conditions=source',
      program,
      dataFolder,
      ...(options.binariesFolder ? [options.binariesFolder] : []),
    ]
    const user = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
    this.child = spawn(process.execPath, args, {
      ...user,
      env: { HOME: '/nonexistent' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n')
      this.#rest = lines.pop()!
      for (const line of lines) this.lines.push(JSON.parse(line) as Line)
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
    this.child.stdin!.on('error', () => {})
  }

  find<Kind extends Line['kind']>(kind: Kind): LineOf<Kind> | undefined {
    return this.lines.find((line): line is LineOf<Kind> => line.kind === kind)
  }

  /** Waits for a line of that kind; fails with everything that was said when the holder ends or 30 s pass first. */
  async said<Kind extends Line['kind']>(kind: Kind): Promise<LineOf<Kind>> {
    for (let waits = 0; waits < 3_000; waits++) {
      const found = this.find(kind)
      if (found !== undefined) return found
      const hasEnded = this.child.exitCode !== null || this.child.signalCode !== null
      if (hasEnded && waits % 10 === 9) break
      await sleep(10)
    }
    throw new Error(`no ${kind} in ${JSON.stringify(this.lines)} ${this.errors}`)
  }

  async release(): Promise<void> {
    this.child.stdin!.write('release\n')
    await this.said('released')
  }

  async kill(): Promise<void> {
    const ended = new Promise((done) => this.child.once('exit', done))
    this.child.kill('SIGKILL')
    await ended
  }
}

/** The first value a statement gives. */
export async function ask(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(statement)
    return rows[0] === undefined ? undefined : Object.values(rows[0])[0]
  } finally {
    await client.end().catch(() => {})
  }
}

/** Tries until the promise holds or 20 s have passed. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  const deadlineMs = performance.now() + 20_000
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
      await sleep(25)
    }
  }
}
