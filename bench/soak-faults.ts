/**
 * `npm run soak:faults -- --kills N [--seed S]`: the recorder killed N times at random instants while 2,000 frames a second
 * come in, on one data folder, and everything counted at the end: test/faults/kills.faults.test.ts with more patience.
 * Prints what it counted and the seed. Exit code: 0 nothing lost undeclared or doubled, 1 something was, 2 asked wrongly.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = resolve(import.meta.dirname, '..')
const KILLS_MAX = 100_000
/** For each kill a life of at most 2.3 s and a start; and the final proof of all that was recorded. */
const KILL_MS_MAX = 10_000
const PROOF_MS_MAX = 600_000

const asked = readAsked()
if (asked === undefined) {
  process.stderr.write(
    `soak:faults needs --kills N, 1 to ${KILLS_MAX}, and takes --seed S: npm run soak:faults -- --kills 200\n`,
  )
  process.exit(2)
}
const { kills, seed } = asked
process.stdout.write(`${kills} kills, seed ${seed}, Node ${process.version}\n`)
const { status } = spawnSync(
  process.execPath,
  [
    resolve(ROOT, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--project=faults',
    '--no-file-parallelism',
    `--testTimeout=${kills * KILL_MS_MAX + PROOF_MS_MAX}`,
    'test/faults/kills.faults.test.ts',
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, KILLS: String(kills), SEED: String(seed) } },
)
process.exit(status === 0 ? 0 : 1)

function readAsked(): { kills: number; seed: number } | undefined {
  try {
    const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
    const kills = Number(values.kills)
    const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
    const isGood =
      Number.isInteger(kills) && kills >= 1 && kills <= KILLS_MAX && Number.isSafeInteger(seed) && seed >= 0
    return isGood ? { kills, seed } : undefined
  } catch {
    return undefined
  }
}
