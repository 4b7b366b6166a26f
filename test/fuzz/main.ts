/**
 * `npm run fuzz -- --minutes N | --seconds N [--target NAME] [--seed N] [--cases N]`: fuzzes one target, or all in turn.
 * Says how many cases and what became of them; keeps what failed in test-results/fuzz and says the command that repeats
 * it. Exit code: 0 nothing failed, 1 something did, 2 asked wrongly.
 */
import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { FuzzFailure, FuzzOutcome } from './fuzz-loop.ts'
import { TARGETS } from './targets.ts'

const KEPT = resolve(import.meta.dirname, '../../test-results/fuzz')
const LOOK_MS = 1_000
/** No case may take nearly so long; opening a target may. */
const HANG_MS = 60_000

const asked = readAsked()
if (asked === undefined) {
  process.stderr.write(
    `fuzz needs --minutes N, --seconds N or --cases N, and takes --seed N and --target ${TARGETS.map(({ name }) => name).join('|')}\n`,
  )
  process.exit(2)
}
const { names, forMs, seed, casesMax } = asked
let failed = 0
for (const name of names) {
  const outcome = await runApart(name, { seed, casesMax, forMs: forMs / names.length })
  tell(outcome)
  for (const each of outcome.failures) keep(each)
  failed += outcome.failures.length
}
process.exit(failed > 0 ? 1 : 0)

function runApart(name: string, options: { seed: number; casesMax: number; forMs: number }): Promise<FuzzOutcome> {
  const at = new Int32Array(new SharedArrayBuffer(12))
  const startedMs = performance.now()
  return new Promise((done) => {
    const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), { workerData: { name, ...options, at } })
    let seen = -1
    let seenMs = performance.now()
    const end = (outcome: FuzzOutcome) => {
      clearInterval(watch)
      done(outcome)
      void worker.terminate()
    }
    const broken = (what: string): FuzzOutcome => ({
      target: name,
      cases: Atomics.load(at, 2),
      ms: performance.now() - startedMs,
      outcomes: {},
      grownBytes: 0,
      failures: [{ target: name, seed: Atomics.load(at, 0), cases: Atomics.load(at, 1) + 1, what, input: '' }],
    })
    const watch = setInterval(() => {
      const count = Atomics.load(at, 2)
      if (count !== seen) {
        seen = count
        seenMs = performance.now()
      } else if (performance.now() - seenMs > HANG_MS) end(broken(`a case hangs for ${HANG_MS / 1000} s`))
    }, LOOK_MS)
    worker.on('message', (outcome: FuzzOutcome) => end(outcome))
    worker.on('error', (error) => end(broken(`it crashed: ${(error as Error).stack ?? String(error)}`)))
  })
}

function tell({ target, cases, ms, outcomes, grownBytes, failures }: FuzzOutcome): void {
  const seconds = ms / 1000
  const sorted = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  const shown = sorted.slice(0, 12).map(([word, times]) => `${word} ${times.toLocaleString('en-US')}`)
  process.stdout.write(
    `${target}: ${cases.toLocaleString('en-US')} cases in ${seconds.toFixed(0)} s (${Math.round(cases / seconds).toLocaleString('en-US')}/s), ` +
      `seed ${seed}, grown by ${(grownBytes / 1e6).toFixed(1)} MB, ${failures.length} failed\n  ${shown.join(', ')}\n`,
  )
}

function keep({ target, seed: chapter, cases, what, input }: FuzzFailure): void {
  mkdirSync(KEPT, { recursive: true })
  const file = join(KEPT, `${target}-${chapter}-${cases}`)
  writeFileSync(`${file}.input`, input)
  const again = `npm run fuzz -- --target ${target} --seed ${chapter} --cases ${cases}`
  writeFileSync(`${file}.txt`, `${what}\n\n${again}\n`)
  process.stdout.write(
    `FAILED ${target}: ${what.split('\n').slice(0, 4).join('\n  ')}\n  again: ${again}\n  kept: ${file}.input\n`,
  )
}

function readAsked() {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({ options: { seconds: text, minutes: text, target: text, seed: text, cases: text } })
    const wanted = TARGETS.map(({ name }) => name).filter(
      (name) => values.target === undefined || name === values.target,
    )
    const ms = Number(values.seconds ?? 0) * 1000 + Number(values.minutes ?? 0) * 60_000
    const max = Number(values.cases ?? Number.MAX_SAFE_INTEGER)
    const first = Number(values.seed ?? randomInt(1_000_000_000))
    if (wanted.length === 0 || !(ms >= 0) || !(max > 0) || !Number.isSafeInteger(first)) return undefined
    if (ms === 0 && values.cases === undefined) return undefined
    return { names: wanted, forMs: ms === 0 ? Number.MAX_SAFE_INTEGER : ms, seed: first, casesMax: max }
  } catch {
    return undefined
  }
}
