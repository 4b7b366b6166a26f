/** Asks the programs that keep the clock, one after the other, until one answers. None of them is waited for in a frame's way. */
import { execFile } from 'node:child_process'
import type { ClockBody } from '#domain'
import { readChrony, readNtpq, readTimesync } from './read-clock.ts'

/** A daemon that hangs is not waited for. */
const ANSWER_MS_MAX = 3_000
const OUTPUT_BYTES_MAX = 64 * 1024

export type ClockProgram = {
  readonly program: string
  readonly words: readonly string[]
  readonly read: (output: string) => ClockBody | undefined
}

export const CLOCK_PROGRAMS: readonly ClockProgram[] = [
  { program: 'chronyc', words: ['-n', '-c', 'tracking'], read: readChrony },
  { program: 'ntpq', words: ['-n', '-c', 'rv 0 leap,offset,rootdelay,rootdisp'], read: readNtpq },
  { program: 'timedatectl', words: ['timesync-status'], read: readTimesync },
]

/** `undefined` when none knows. Never throws. */
export async function askClock(programs: readonly ClockProgram[] = CLOCK_PROGRAMS): Promise<ClockBody | undefined> {
  for (const { program, words, read } of programs) {
    const estimate = read(await outputOf(program, words))
    if (estimate !== undefined) return estimate
  }
  return undefined
}

function outputOf(program: string, words: readonly string[]): Promise<string> {
  const options = {
    timeout: ANSWER_MS_MAX,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
  } as const
  return new Promise((done) => {
    execFile(program, words, options, (error, output) => done(error === null ? output : ''))
  })
}
