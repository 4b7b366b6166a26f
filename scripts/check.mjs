/**
 * `npm test`: types, lint, imports, `.env.example` and the tests, each check counted as one test, whatever failed before it.
 *
 * The last line is `N passed, N failed`, with `, N skipped` where any were; the exit code is 1 when anything failed or
 * nothing ran. Further words go to vitest: `npm test -- src/book`. `--long` runs the long
 * tests alone, `--faults` those that kill, fill and cut what is real, one file at a time.
 * Plain JavaScript, so that any Node that npm runs on can start it.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
// The Node that came with the packages stands first, as it does under npm.
const env = { ...process.env, PATH: join(root, 'node_modules', '.bin') + delimiter + (process.env.PATH ?? '') }

const CHECKS = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['lint', 'biome', ['check', '.']],
  ['imports', 'node', ['--conditions=source', 'scripts/imports.ts']],
  ['.env.example', 'node', ['--conditions=source', 'scripts/env-example.ts', '--check']],
]

const words = process.argv.slice(2)
const project = words.includes('--faults') ? 'faults' : words.includes('--long') ? 'long' : 'fast'
const rest = words.filter((word) => word !== '--long' && word !== '--faults')
const startedMs = Date.now()
const total = { passed: 0, failed: 0, skipped: 0 }

if (project === 'fast') {
  for (const [name, command, args] of CHECKS) {
    const { code, output, tookMs } = await run(command, args, 'keep')
    total[code === 0 ? 'passed' : 'failed'] += 1
    console.log(`${code === 0 ? 'passed' : 'FAILED'}  ${name} (${seconds(tookMs)})`)
    if (code !== 0) console.log(output.trimEnd())
  }
}
add(await runVitest(project))

console.log(`\n${project === 'fast' ? 'checks and tests' : `${project} tests`} in ${seconds(Date.now() - startedMs)}`)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)

/** Counts of one vitest project, from its JSON report; a run that broke before it could report counts as one failure. */
async function runVitest(project) {
  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-check-'))
  try {
    const report = join(folder, 'report.json')
    const args = [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...(project === 'faults' ? ['--no-file-parallelism'] : []),
      ...rest,
    ]
    const { code } = await run('vitest', args, 'show')
    const counts = readReport(report)
    // Vitest fails for more than tests: an unhandled rejection, a file that does not load.
    if (code !== 0 && counts.failed === 0) counts.failed = 1
    return counts
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readReport(file) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(file, 'utf8'),
    )
    const unloaded = testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    )
    return { passed: numPassedTests, failed: numFailedTests + unloaded.length, skipped: numPendingTests + numTodoTests }
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

function add(counts) {
  for (const name of Object.keys(total)) total[name] += counts[name]
}

/** Runs one command from the project's folder; `keep` returns what it says, `show` lets it through. */
function run(command, args, output) {
  const fromMs = Date.now()
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', ...(output === 'show' ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
    })
    let text = ''
    const keep = (chunk) => {
      text = (text + chunk).slice(-20_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', (error) =>
      done({
        code: 1,
        output: `could not run ${command}: ${error.message}; run npm ci first`,
        tookMs: Date.now() - fromMs,
      }),
    )
    child.on('close', (code) => done({ code: code ?? 1, output: text, tookMs: Date.now() - fromMs }))
  })
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
