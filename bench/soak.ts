/**
 * `npm run soak -- --seconds N | --minutes N [--from SEED]`: the simulation of test/simulation/ on seeds drawn at random,
 * or on the seeds from SEED upward (the same for every run of a commit: what a gate needs), until the time is over. Prints where it is once in ten seconds; keeps the seeds that broke an invariant, with what they broke, in
 * test-results/soak-failures.txt. Exit code: 0 when none did, 1 when one did, 2 when it was asked wrongly.
 */
import { randomInt } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { sumOf } from '../test/simulation/runs.ts'
import { describeViolation, type Outcome, simulate } from '../test/simulation/simulation.ts'

const FAILURES = resolve(import.meta.dirname, '../test-results/soak-failures.txt')
const PROGRESS_MS = 10_000

const asked = readAsked()
if (asked === undefined) {
  process.stderr.write(
    'soak needs --seconds N or --minutes N, above 0, and takes --from SEED, a whole number: npm run soak -- --minutes 30\n',
  )
  process.exit(2)
}
process.exit((await soak(asked.forMs, asked.from)) === 0 ? 0 : 1)

/** Answers how many seeds broke an invariant. */
async function soak(forMs: number, from: number | undefined): Promise<number> {
  process.stdout.write(
    `soak for ${forMs / 1000} s, Node ${process.version}, ${availableParallelism()} cores, one in use\n`,
  )
  const startedMs = performance.now()
  const totals = { runs: 0, failed: 0, frames: 0, simulatedMs: 0, faults: {} as Record<string, number> }
  let toldMs = startedMs
  while (performance.now() - startedMs < forMs) {
    const seed = from === undefined ? randomInt(1_000_000_000) : from + totals.runs
    const outcome = await simulate(seed)
    totals.runs++
    totals.frames += outcome.frames
    totals.simulatedMs += outcome.simulatedMs
    for (const [name, times] of Object.entries(sumOf([outcome], 'faults'))) {
      totals.faults[name] = (totals.faults[name] ?? 0) + times
    }
    if (outcome.violations.length > 0) {
      totals.failed++
      keep(outcome)
    }
    if (performance.now() - toldMs < PROGRESS_MS) continue
    toldMs = performance.now()
    tell(totals, toldMs - startedMs)
  }
  tell(totals, performance.now() - startedMs)
  process.stdout.write(`faults: ${JSON.stringify(totals.faults)}\n`)
  if (totals.failed > 0) process.stdout.write(`${totals.failed} failing seeds are in ${FAILURES}\n`)
  return totals.failed
}

function tell(
  totals: { runs: number; failed: number; frames: number; simulatedMs: number; faults: object },
  ms: number,
): void {
  const faults = Object.values(totals.faults as Record<string, number>).reduce((sum, each) => sum + each, 0)
  const { runs, failed, frames, simulatedMs } = totals
  process.stdout.write(
    `${Math.round(ms / 1000)} s: ${runs} seeds (${((runs * 1000) / ms).toFixed(1)}/s), ${frames} frames, ` +
      `${(simulatedMs / 3_600_000).toFixed(1)} simulated hours, ${faults} faults, ${failed} failed\n`,
  )
}

function keep({ seed, violations }: Outcome): void {
  const text = violations.map((each) => `${describeViolation(seed, each)}\n`).join('')
  process.stdout.write(text)
  mkdirSync(resolve(FAILURES, '..'), { recursive: true })
  appendFileSync(FAILURES, text)
}

function readAsked(): { forMs: number; from: number | undefined } | undefined {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({ options: { seconds: text, minutes: text, from: text } })
    const forMs = Number(values.seconds ?? 0) * 1000 + Number(values.minutes ?? 0) * 60_000
    const from = values.from === undefined ? undefined : Number(values.from)
    return forMs > 0 && (from === undefined || Number.isSafeInteger(from)) ? { forMs, from } : undefined
  } catch {
    return undefined
  }
}
