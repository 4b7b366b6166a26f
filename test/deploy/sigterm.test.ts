/**
 * SIGTERM to the one process that a service manager or a container signals, and to none of its children: everything
 * received is on disk and stored, the embedded database is stopped, and nothing is left running.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { askRecorder } from '#app'
import { startExchange } from '#exchange'
import { systemNode } from '../package/fresh.ts'
import { DEMO } from '../support/captures.ts'
import { LAUNCHER, pointedAt } from '../support/program.ts'
import { aFolder, countFrames, until } from '../support/recording.ts'

const { path: data, remove } = aFolder()
// Root's server runs as another user, who must be able to reach it.
chmodSync(data, 0o755)
afterAll(remove)

/** A database is made first. */
const WITHIN_MS = 60_000
const children = new Set<ChildProcess>()
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** `unshare` gives a process a number space of its own, in which it is the first, as in a container. */
const IN_CONTAINER = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
const canUnshare = spawnSync(IN_CONTAINER[0]!, [...IN_CONTAINER.slice(1), 'true']).status === 0
const older = systemNode()
const hasOlder = older !== undefined && Number(/v(\d+)/.exec(versionOf(older))?.[1]) < 24

const WAYS = [
  { way: 'the program itself', before: [process.execPath], runs: true },
  { way: 'the launcher on an older Node (skipped without one)', before: [older ?? ''], runs: hasOlder },
  {
    way: 'the first process of a container (skipped without root)',
    before: [...IN_CONTAINER, process.execPath],
    runs: canUnshare && process.getuid!() === 0,
  },
]

describe('SIGTERM ends it whole, sent to', () => {
  // One folder for all: the database is made once.
  for (const { way, before, runs } of WAYS) {
    test.skipIf(!runs)(
      way,
      async () => {
        const exchange = await startExchange({
          port: 0,
          keyType: 'ed25519',
          capture: DEMO,
          ratePerSecond: 200,
          loop: true,
        })
        const tickers = exchange.tickers.join(',')
        const [command, ...words] = [...before, LAUNCHER, 'record', '--markets', tickers, '--data', data, '--json']
        const { PATH = '', HOME = '' } = process.env
        const child = spawn(command!, words, {
          env: { PATH, HOME, PORT: '0', ...pointedAt(exchange) },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        children.add(child)
        let [out, err] = ['', '']
        child.stdout.on('data', (text) => {
          out += text
        })
        child.stderr.on('data', (text) => {
          err += text
        })
        const ended = new Promise<number | null>((done) => child.on('close', done))
        await until('the database is written to', () => /"event":"store_event","what":"opened"/.test(err))
        await until('frames come in', async () => (await askRecorder(data, { ask: 'status' })).frames > 50)
        const family = descendantsOf(child.pid!)
        expect(family.some((pid) => commandOf(pid).includes(`${data}/postgres`))).toBe(true)

        const askedMs = performance.now()
        process.kill(way.includes('container') ? family[0]! : child.pid!, 'SIGTERM')
        expect(await ended, err.slice(-2000)).toBe(0)
        expect(performance.now() - askedMs).toBeLessThan(5000)
        const account = JSON.parse(out)
        expect(account).toMatchObject({ reason: 'SIGTERM', isComplete: true, store: { state: 'complete' } })
        expect(account.durableRecords).toBe(account.records)
        expect(framesBefore + account.frames).toBe(await countFrames(data))
        framesBefore += account.frames
        expect(family.filter(isThere).map(commandOf)).toEqual([])
        expect(processes().filter((pid) => commandOf(pid).includes(data))).toEqual([])
        await exchange.close()
      },
      WITHIN_MS,
    )
  }
  let framesBefore = 0
})

const processes = (): number[] => readdirSync('/proc').map(Number).filter(Number.isSafeInteger)

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

/** Children and their children, nearest first. */
function descendantsOf(pid: number): number[] {
  const own = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
  return [...own, ...own.flatMap(descendantsOf)]
}

function isThere(pid: number): boolean {
  try {
    // A zombie that its parent has not collected yet holds nothing.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function versionOf(node: string): string {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? ''
}
