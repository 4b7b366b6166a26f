/** The command line: names the commands and turns whatever ends one into a line and an exit code. */
import { Command } from 'commander'
import { addAlert } from './commands/alert.ts'
import { addArchive } from './commands/archive.ts'
import { addBook } from './commands/book.ts'
import { addDb } from './commands/db.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExchange } from './commands/exchange.ts'
import { EXIT, failureJson, tellFailure } from './commands/failure.ts'
import { addGaps } from './commands/gaps.ts'
import { printJson } from './commands/output.ts'
import { addProbe } from './commands/probe.ts'
import { addRecord } from './commands/record.ts'
import { addReparse } from './commands/reparse.ts'
import { addReport } from './commands/report.ts'
import { addRestore } from './commands/restore.ts'
import { addServe } from './commands/serve.ts'
import { addSessions } from './commands/sessions.ts'
import { addStart } from './commands/start.ts'
import { addVerify } from './commands/verify.ts'
import { VERSION } from './version.ts'

const program = new Command('kalshiflow')
  .description('Records Kalshi order books exactly, proves them, and serves them.')
  .version(VERSION)
  // Descriptions are wrapped for the terminal at hand, not where their source is.
  .configureHelp({ commandDescription: (command) => command.description().replaceAll('\n', ' ') })
  .showHelpAfterError('(kalshiflow --help shows the commands)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.DONE : EXIT.COULD_NOT_RUN))

const COMMANDS = [
  addStart,
  addRecord,
  addServe,
  addExchange,
  addBook,
  addSessions,
  addGaps,
  addReport,
  addVerify,
  addReparse,
  addArchive,
  addRestore,
  addDoctor,
  addProbe,
  addAlert,
  addDb,
]
for (const add of COMMANDS) add(program)

// A reader that closes the pipe early is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.DONE)
  // Its terminal is gone: nobody is left to be told, and what was done is done.
  if (error.code === 'EIO') return
  process.stderr.write(`kalshiflow: standard output cannot be written (${error.code})\n`)
  process.exitCode = EXIT.COULD_NOT_RUN
})

// Nor is a terminal that is gone: there is nowhere to say it.
process.stderr.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  if (process.argv.includes('--json')) printJson(failureJson(error))
  process.stderr.write(`${tellFailure(error)}\n`)
  process.exitCode = EXIT.COULD_NOT_RUN
}
