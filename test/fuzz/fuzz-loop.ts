/**
 * Runs cases of one target until a number or a time is reached. Cases come in chapters: each opens the target anew and has
 * a seed of its own, so that a fault is repeated by its chapter's seed and its number in it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SeededRandom } from '#journal'
import type { FuzzTarget, OpenTarget } from './fuzz-target.ts'

export type FuzzOptions = {
  readonly seed: number
  readonly casesMax: number
  readonly forMs: number
  /** Called before each case, so that one that never ends can be named. */
  readonly onCase?: (seed: number, number: number) => void
  readonly chapterCases?: number
}

export type FuzzFailure = {
  readonly target: string
  readonly seed: number
  /** Cases of the chapter up to the failing one. */
  readonly cases: number
  readonly what: string
  readonly input: Uint8Array | string
}

export type FuzzOutcome = {
  readonly target: string
  readonly cases: number
  readonly ms: number
  readonly outcomes: Readonly<Record<string, number>>
  /** What is held after the last chapter, beyond what was after the first. */
  readonly grownBytes: number
  readonly failures: readonly FuzzFailure[]
}

/** A chapter is this long at most, so that a fault in it is repeated soon. */
const CHAPTER_CASES = 5_000
/** Caches and compiled code settle within a few chapters; what is held beyond this grows. */
const GROWN_BYTES_MAX = 48 * 1024 * 1024
const FAILURES_MAX = 5
const SETTLE_MS = 1_000
const SETTLE_LOOKS = 5

export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzOutcome> {
  const { seed, casesMax, forMs, chapterCases = CHAPTER_CASES } = options
  const startedMs = performance.now()
  const outcomes: Record<string, number> = {}
  const failures: FuzzFailure[] = []
  let cases = 0
  let firstBytes: number | undefined
  let lastBytes = 0
  const isOver = () => cases >= casesMax || performance.now() - startedMs >= forMs || failures.length >= FAILURES_MAX
  for (let chapter = 0; !isOver(); chapter++) {
    const count = Math.min(chapterCases, casesMax - cases)
    const done = await runChapter(target, seed + chapter, count, { ...options, isOver })
    cases += done.cases
    for (const [word, times] of Object.entries(done.outcomes)) outcomes[word] = (outcomes[word] ?? 0) + times
    if (done.failure !== undefined) failures.push(done.failure)
    lastBytes = heldBytes()
    // Of the second chapter: by then everything is compiled and cached.
    if (chapter === 1) firstBytes = lastBytes
  }
  // Sockets that are still on their way out hold what they held: they are given some seconds to go.
  for (let looks = 0; looks < SETTLE_LOOKS && lastBytes - (firstBytes ?? lastBytes) > GROWN_BYTES_MAX; looks++) {
    await sleep(SETTLE_MS)
    lastBytes = heldBytes()
  }
  const grownBytes = Math.max(0, lastBytes - (firstBytes ?? lastBytes))
  if (grownBytes > GROWN_BYTES_MAX)
    failures.push({ target: target.name, seed, cases, what: `it grew by ${grownBytes} bytes`, input: '' })
  return { target: target.name, cases, ms: performance.now() - startedMs, outcomes, grownBytes, failures }
}

type Chapter = { cases: number; outcomes: Record<string, number>; failure: FuzzFailure | undefined }

async function runChapter(
  target: FuzzTarget,
  seed: number,
  count: number,
  { onCase, isOver }: FuzzOptions & { isOver: () => boolean },
): Promise<Chapter> {
  const chapter: Chapter = { cases: 0, outcomes: {}, failure: undefined }
  const open = await target.open()
  const one = async (number: number) => {
    const error = await runCase(target, open, new SeededRandom(caseSeed(seed, number)), chapter)
    if (error !== undefined && chapter.failure === undefined) {
      const what = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error)
      chapter.failure = { target: target.name, seed, cases: number + 1, what, input: open.lastInput() }
    }
  }
  try {
    for (let number = 0; number < count && !isOver() && chapter.failure === undefined; ) {
      const together = Math.min(target.together ?? 1, count - number)
      onCase?.(seed, number)
      await Promise.all(Array.from({ length: together }, (_, index) => one(number + index)))
      number += together
    }
  } finally {
    try {
      await open.close()
    } catch (error) {
      const what = `at the end of the chapter: ${(error as Error).stack ?? String(error)}`
      chapter.failure ??= { target: target.name, seed, cases: chapter.cases, what, input: open.lastInput() }
    }
  }
  return chapter
}

async function runCase(target: FuzzTarget, open: OpenTarget, random: SeededRandom, chapter: Chapter): Promise<unknown> {
  const fromMs = performance.now()
  try {
    const running = open.run(random)
    const word = typeof running === 'string' ? running : await running
    chapter.outcomes[word] = (chapter.outcomes[word] ?? 0) + 1
  } catch (error) {
    return error
  } finally {
    chapter.cases++
  }
  const tookMs = performance.now() - fromMs
  return tookMs > target.caseMsMax ? new Error(`a case took ${Math.round(tookMs)} ms`) : undefined
}

/** Neighbouring seeds of this generator begin alike; a multiplication spreads them. */
const caseSeed = (seed: number, number: number): number => Math.imul(seed * 100_003 + number + 1, 0x9e3779b1) >>> 0

let collect: (() => void) | undefined

/** What is held once everything that can be let go is. */
function heldBytes(): number {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}
