/** `kalshiflow sessions`: the runs that a journal holds, with how each ended. */
import type { Command } from 'commander'
import { tellMissing, tellRemoved } from '../reading/journal-faults.ts'
import { listRuns, type Run } from '../reading/last-run.ts'
import { isRecording } from '../recorder/data-lock.ts'
import { EXIT } from './failure.ts'
import { print, printJson, table } from './output.ts'
import { type CommonFlags, folderToRead, withData, withJson } from './shared.ts'

export function addSessions(program: Command): void {
  withJson(withData(program.command('sessions')))
    .summary('the runs of the recorder')
    .description('Lists the runs that the journal holds: when each began and ended, why, and what it recorded.')
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow sessions\n  kalshiflow sessions --data ./data/prod --json\n\nExit code: 0 shown, 1 segments are missing or damaged, 2 could not run.',
    )
    .action(async (flags: CommonFlags) => {
      const folder = folderToRead(flags)
      const runs = await listRuns(`${folder}/journal`)
      const isRunning = isRecording(folder)
      const missing = await tellMissing(`${folder}/journal`)
      for (const text of missing) process.stderr.write(`kalshiflow: ${text}\n`)
      // Their runs are not listed; it is no fault.
      for (const text of await tellRemoved(`${folder}/journal`)) process.stderr.write(`kalshiflow: ${text}\n`)
      process.exitCode = missing.length > 0 ? EXIT.FAULTS : EXIT.DONE
      const withState = runs.map((run, index) => ({ ...run, isRunning: isRunning && index === runs.length - 1 }))
      if (flags.json === true) printJson(withState.map(asJson))
      else if (runs.length === 0) print(`No run in ${folder}. \`kalshiflow start\` makes one.`)
      else print(table(['session', 'started', 'ended', 'frames', 'breaks', 'segments', 'end'], withState.map(asRow)))
    })
}

const time = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString()

type RunWithState = Run & { readonly isRunning: boolean }

const asJson = ({
  session,
  version,
  startedNs,
  lastNs,
  stopped,
  firstSegment,
  lastSegment,
  isRunning,
}: RunWithState) => ({
  session,
  version,
  started: time(startedNs),
  last_record: time(lastNs),
  ended: stopped === undefined ? null : time(lastNs),
  state: isRunning ? 'running' : stopped === undefined ? 'died' : 'stopped',
  reason: stopped?.reason ?? null,
  counts: stopped?.counts ?? null,
  segments: [firstSegment, lastSegment],
})

const asRow = ({ session, startedNs, lastNs, stopped, firstSegment, lastSegment, isRunning }: RunWithState) => [
  session.slice(0, 8),
  time(startedNs).slice(0, 19),
  time(lastNs).slice(0, 19),
  stopped?.counts['frames']?.toLocaleString('en-US') ?? '?',
  String(stopped?.counts['breaks'] ?? '?'),
  firstSegment === lastSegment ? String(firstSegment) : `${firstSegment}-${lastSegment}`,
  isRunning ? 'running' : (stopped?.reason ?? 'died: its last records are those that were durable'),
]
