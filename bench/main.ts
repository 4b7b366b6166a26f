/**
 * `npm run bench [-- m1|latency|journal|m3] [--json] [--smoke]`: what the recorder can do on this machine. docs/performance.md
 * says what each figure means.
 *
 * Results go to standard output, progress to standard error. Exit code: 0, or 1 when a result was wrong or a bench could
 * not run: a wrong book makes every speed beside it worthless.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { progress } from './apart.ts'
import { benchJournal, benchLatency, benchM1, benchM3 } from './benches.ts'
import { coreToPin, printMachine, readMachine } from './machine.ts'
import { passes, printReport, type Report } from './report.ts'

const BENCHES = { m1: benchM1, latency: benchLatency, journal: benchJournal, m3: benchM3 } as const
type BenchName = keyof typeof BENCHES

const USAGE = 'npm run bench -- [m1|latency|journal|m3] [--json] [--smoke]'

process.exitCode = await run().catch((error: Error) => {
  progress(error.message)
  return 1
})

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean' }, smoke: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  const unknown = positionals.filter((word) => !Object.hasOwn(BENCHES, word))
  if (values.help || unknown.length > 0) {
    const fault = unknown.length > 0 ? `there is no bench ${unknown.join(', ')}; ` : ''
    progress(`${fault}usage: ${USAGE}`)
    return unknown.length > 0 ? 1 : 0
  }
  const isSmoke = values.smoke === true
  const machine = readMachine()
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const core = coreToPin()
  const reports: Report[] = []
  const show = (report: Report) => {
    reports.push(report)
    if (values.json !== true) process.stdout.write(`${printReport(report)}\n`)
  }
  if (values.json !== true) {
    process.stdout.write(`${printMachine(machine)}\ncommand  ${command}\n`)
    process.stdout.write(isSmoke ? 'A smoke run: sizes so small that only its checks mean anything.\n\n' : '\n')
  }
  const startedMs = performance.now()
  const names = (positionals.length > 0 ? positionals : Object.keys(BENCHES)) as BenchName[]
  for (const name of names) for await (const report of BENCHES[name]({ isSmoke, core })) show(report)

  const seconds = Math.round((performance.now() - startedMs) / 100) / 10
  const checks = reports.flatMap((report) => report.checks)
  const wrong = checks.filter((check) => !passes(check)).length
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ machine, command, smoke: isSmoke, seconds, wrong, reports }, null, 2)}\n`)
  } else {
    const load = (loadavg()[0] ?? 0).toFixed(2)
    process.stdout.write(
      `${checks.length - wrong} checks right, ${wrong} wrong, in ${seconds} s, load ${load} at the end\n`,
    )
  }
  return wrong === 0 ? 0 : 1
}
