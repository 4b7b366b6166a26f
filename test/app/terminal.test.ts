/** A terminal that is not read, or is gone, neither stops nor ends a recorder; skipped without python3, which has terminals. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { askRecorder } from '#app'
import { LAUNCHER } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'

const canTest = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

/** A program on a terminal that python holds. */
function onTerminal(kind: 'session' | 'plain', program: readonly string[]) {
  const { PATH = '', HOME = '' } = process.env
  const holder = spawn('python3', [join(import.meta.dirname, 'on-terminal.py'), kind, process.execPath, ...program], {
    env: { PATH, HOME, PORT: '0', TERM: 'xterm', LOG_FORMAT: 'pretty' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  holder.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const number = (word: string) => {
    const found = new RegExp(`${word} (-?\\d+)`).exec(said)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const end = () => number('ended')
  cleanups.push(() => {
    if (end() === undefined) process.kill(number('pid')!, 'SIGKILL')
    holder.kill('SIGKILL')
  })
  return {
    end,
    order: (order: 'hold' | 'close') => void holder.stdin.write(`${order}\n`),
    kill: (signal: NodeJS.Signals) => void process.kill(number('pid')!, signal),
    async ended() {
      await until('it ended', () => end() !== undefined, 15_000)
      return end()
    },
  }
}

/** `start` on the built-in exchange, recording, on a terminal. */
async function aRecorderOn(kind: 'session' | 'plain') {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  const program = onTerminal(kind, [LAUNCHER, 'start', '--sim', '--no-store', '--data', path])
  const status = () => askRecorder(path, { ask: 'status' })
  await until('it records', async () => (await status().catch(() => undefined))?.markets.valid === 24, 20_000)
  return {
    ...program,
    status,
    ended: async () => ({ code: await program.ended(), isLeft: existsSync(join(path, 'control.sock')) }),
  }
}

test.skipIf(!canTest)('a program whose terminal is not read neither stops nor hangs at its end', async () => {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  const told = join(path, 'told.json')
  const { order, ended } = onTerminal('plain', [
    '--conditions=source',
    join(import.meta.dirname, 'terminal-writer.ts'),
    told,
  ])
  order('hold')
  expect(await ended()).toBe(0)
  const { longestMs, lines, dropped } = JSON.parse(readFileSync(told, 'utf8'))
  expect(longestMs).toBeLessThan(500)
  expect(lines).toBeGreaterThan(500)
  // What was held is bounded: the rest is dropped, and counted.
  expect(dropped).toBeGreaterThan(100)
})

describe.skipIf(!canTest)('a recorder goes on', { timeout: 60_000 }, () => {
  test('while its terminal takes nothing, and ends in order when it is told to', async () => {
    const { order, status, kill, ended } = await aRecorderOn('plain')
    order('hold')
    await sleep(1_000)
    const { frames } = await status()
    await until('frames come', async () => (await status()).frames > frames + 50)
    kill('SIGTERM')
    expect(await ended()).toEqual({ code: 0, isLeft: false })
  })

  test('when its terminal is gone without a signal', async () => {
    const { order, status, kill, ended, end } = await aRecorderOn('plain')
    order('close')
    await sleep(1_000)
    expect(end()).toBeUndefined()
    const { frames } = await status()
    await until('frames come', async () => (await status()).frames > frames + 50)
    kill('SIGTERM')
    expect(await ended()).toEqual({ code: 0, isLeft: false })
  })

  test('until its end is whole when its terminal hangs up', async () => {
    const { order, ended } = await aRecorderOn('session')
    order('close')
    expect(await ended()).toEqual({ code: 0, isLeft: false })
  })
})
