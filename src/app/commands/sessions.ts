/** `kalshiflow sessions`: the runs that a journal holds, with how each ended. */
import type { Command } from 'commander'
import { loadConfig } from '../config/config-load.ts'
import { listRuns, type Run } from '../reading/last-run.ts'
import { print, printJson, table } from './output.ts'
import { type CommonFlags, dataFolderOf, overridesOf, withData, withJson } from './shared.ts'

export function addSessions(program: Command): void {
  withJson(withData(program.command('sessions')))
    .summary('the runs of the recorder')
    .description('Lists the runs that the journal holds: when each began and ended, why, and what it recorded.')
    .addHelpText('after', '\nExamples:\n  kalshiflow sessions\n  kalshiflow sessions --data ./data/prod --json')
    .action(async (flags: CommonFlags) => {
      const { config } = loadConfig({ overrides: overridesOf(flags), needsKey: 'never' })
      const folder = dataFolderOf(config)
      const runs = await listRuns(`${folder}/journal`)
      if (flags.json === true) printJson(runs.map(asJson))
      else if (runs.length === 0) print(`No run in ${folder}. \`kalshiflow start\` makes one.`)
      else print(table(['session', 'started', 'ended', 'frames', 'breaks', 'segments', 'end'], runs.map(asRow)))
    })
}

const time = (ns: bigint): string => new Date(Number(ns / 1_000_000n)).toISOString()

const asJson = ({ session, version, startedNs, lastNs, stopped, firstSegment, lastSegment }: Run) => ({
  session,
  version,
  started: time(startedNs),
  last_record: time(lastNs),
  ended: stopped === undefined ? null : time(lastNs),
  reason: stopped?.reason ?? null,
  counts: stopped?.counts ?? null,
  segments: [firstSegment, lastSegment],
})

const asRow = ({ session, startedNs, lastNs, stopped, firstSegment, lastSegment }: Run) => [
  session.slice(0, 8),
  time(startedNs).slice(0, 19),
  time(lastNs).slice(0, 19),
  stopped?.counts['frames']?.toLocaleString('en-US') ?? '?',
  String(stopped?.counts['breaks'] ?? '?'),
  firstSegment === lastSegment ? String(firstSegment) : `${firstSegment}-${lastSegment}`,
  stopped?.reason ?? 'runs still, or died',
]
