/**
 * Proves the simulation's power: plants one bug at a time in a copy of the tree and counts the seeds until the invariant
 * that is to notice it breaks.
 *
 *   node --conditions=source scripts/planted-bugs.ts [words of a name; of another]
 *
 * Prints a table. Exit code: 0 when every bug was found within {@link SEEDS} seeds, 1 when one survived, 2 when there is
 * no such bug or its line has moved. The tree itself is never changed.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Invariant } from '../test/simulation/invariants.ts'
import { PLANTED_BUGS, type PlantedBug } from '../test/simulation/planted-bugs.ts'

const SEEDS = 200
/** A bug that stops the process from ending is not found by an invariant. */
const RUN_MS_MAX = 900_000
const COPIED = ['package.json', 'src', 'test', 'scripts']

type Found = {
  /** Seeds until any invariant broke, and which did in that seed. */
  readonly first?: { readonly seeds: number; readonly by: readonly Invariant[] }
  /** Seeds until the expected one did. */
  readonly seeds?: number
}

const words = process.argv.slice(2)
// In the copy: runs the seeds for one bug.
if (words[0] === '--seek') process.stdout.write(JSON.stringify(await seek(words[1] as Invariant)))
else process.exitCode = prove(words.join(' '))

function prove(name: string): number {
  const parts = name.split(';').map((each) => each.trim())
  const bugs = PLANTED_BUGS.filter((each) => parts.some((part) => each.name.includes(part)))
  if (bugs.length === 0) {
    process.stderr.write(
      `no planted bug has '${name}' in its name; there are:\n${PLANTED_BUGS.map((each) => `  ${each.name}\n`).join('')}`,
    )
    return 2
  }
  const copy = copyTree()
  let survived = 0
  try {
    process.stdout.write('| bug | expected | seeds until then | first broken |\n| --- | --- | --- | --- |\n')
    for (const bug of bugs) {
      const found = plant(copy, bug)
      if (found === 'moved') {
        process.stderr.write(
          `${bug.file} does not hold the line of '${bug.name}' exactly once: mend test/simulation/planted-bugs.ts\n`,
        )
        return 2
      }
      if (found === 'stuck' || found.seeds === undefined) survived++
      process.stdout.write(`${row(bug, found)}\n`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  process.stdout.write(`\n${bugs.length - survived} of ${bugs.length} found within ${SEEDS} seeds\n`)
  return survived === 0 ? 0 : 1
}

function row({ name, expected }: PlantedBug, found: Found | 'stuck'): string {
  if (found === 'stuck') return `| ${name} | ${expected} | **did not end** | |`
  const { seeds, first } = found
  const by = first === undefined ? '' : `${first.by.join(', ')} at ${first.seeds}`
  return `| ${name} | ${expected} | ${seeds ?? '**survived**'} | ${by} |`
}

/** Runs the seeds with this bug in the copy, and takes it out again. */
function plant(copy: string, { file, find, replace, expected, name }: PlantedBug): Found | 'stuck' | 'moved' {
  const path = join(copy, file)
  const sound = readFileSync(path, 'utf8')
  if (sound.split(find).length !== 2) return 'moved'
  writeFileSync(
    path,
    sound.replace(find, () => replace),
  )
  try {
    const args = ['--conditions=source', 'scripts/planted-bugs.ts', '--seek', expected]
    const run = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: RUN_MS_MAX })
    if (run.error !== undefined) return 'stuck'
    if (run.status !== 0) throw new Error(`the simulation does not run with '${name}' planted:\n${run.stderr}`)
    return JSON.parse(run.stdout) as Found
  } finally {
    writeFileSync(path, sound)
  }
}

async function seek(expected: Invariant): Promise<Found> {
  const { simulate } = await import('../test/simulation/simulation.ts')
  let first: Found['first']
  for (let seed = 1; seed <= SEEDS; seed++) {
    const by = (await simulate(seed)).violations.map(({ invariant }) => invariant)
    if (by.length > 0) first ??= { seeds: seed, by }
    if (first !== undefined && by.includes(expected)) return { first, seeds: seed }
  }
  return first === undefined ? {} : { first }
}

function copyTree(): string {
  const root = resolve(import.meta.dirname, '..')
  const copy = mkdtempSync(join(tmpdir(), 'kalshiflow-planted-'))
  for (const each of COPIED) cpSync(join(root, each), join(copy, each), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}
