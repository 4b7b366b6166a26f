/** `kalshiflow restore`: brings segments of a journal back from an archive, each proved. */
import { type Command, InvalidArgumentError } from 'commander'
import { type RestoreEvent, type RestoreResult, restoreJournal } from '#archive'
import { parseRfc3339Ms } from '#codec'
import { type ArchiveFlags, targetOf, withArchive } from './archive.ts'
import { EXIT } from './failure.ts'
import { print, printJson } from './output.ts'
import { folderToRead } from './shared.ts'
import { RangeFault } from './time-range.ts'

type RestoreFlags = ArchiveFlags & {
  readonly journal?: string
  readonly segments?: readonly [number, number]
  readonly from?: bigint
  readonly to?: bigint
}

export function addRestore(program: Command): void {
  withArchive(program.command('restore'))
    .option('--journal <uuid>', 'which journal, where the archive has several and the folder none')
    .option('--segments <from-to>', 'these segments alone, such as 12-40', range)
    .option('--from <time>', 'only segments with records from then on, such as 2026-11-22T08:00:00Z', moment)
    .option('--to <time>', 'only segments with records before then', moment)
    .summary('bring journal files back from an archive')
    .description(
      'Brings sealed journal files back, each proved against its digest, into a folder that is fresh or holds the same\n' +
        'journal. What is there stays as it is. Then `kalshiflow verify --no-database`, and `kalshiflow db rebuild` for the rows.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow restore --archive-to /mnt/backup/kalshiflow --data ./data/restored\n' +
        '  kalshiflow restore --archive-to s3://bucket/kalshi --segments 12-40\n\n' +
        'Exit code: 0 restored, 2 could not run, or not to the end: what was restored stays, and the next call goes on.',
    )
    .action(async (flags: RestoreFlags) => {
      const { data, journal, segments, from, to } = flags
      if (from !== undefined && to !== undefined && from >= to) throw new RangeFault('--from must lie before --to')
      // Restoring may make the folder.
      const dataFolder = data ?? folderToRead(flags)
      const target = await targetOf(flags)
      try {
        const between = from === undefined && to === undefined ? undefined : ([from ?? 0n, to ?? NEVER_NS] as const)
        const onEvent = flags.json === true ? () => {} : tell
        const result = await restoreJournal({ dataFolder, target, journal, segments, between, onEvent })
        if (flags.json === true) printJson({ target: target.name, data: dataFolder, ...result })
        else print(tellRestored(target.name, dataFolder, result))
        process.exitCode = EXIT.DONE
      } finally {
        target.close()
      }
    })
}

const NEVER_NS = 2n ** 63n

export function tellRestored(
  name: string,
  data: string,
  { restored, present, archived, journal, environment, last }: RestoreResult,
): string {
  if (restored + present === 0)
    return `Nothing was restored: none of the segments that ${name} has of journal ${journal} (${archived}, the last one ${last}) is among those asked for.`
  return [
    `${restored} ${restored === 1 ? 'segment' : 'segments'} restored, ${present} ${present === 1 ? 'was' : 'were'} there, of ${archived} that ${name} has of journal ${journal} (${environment}).`,
    `Next: \`kalshiflow verify --data ${data} --no-database\` proves it, \`kalshiflow db rebuild --data ${data}\` makes the rows.`,
  ].join('\n')
}

function tell(event: RestoreEvent): void {
  if (event.kind === 'restored')
    process.stderr.write(`segment ${event.segment}: restored, ${(event.bytes / 1024 ** 2).toFixed(1)} MiB\n`)
}

function range(text: string): readonly [number, number] {
  const [, from, to = from] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? []
  if (from === undefined || Number(from) > Number(to))
    throw new InvalidArgumentError('needed: a segment, or two with - between them, such as 12-40.')
  return [Number(from), Number(to)]
}

function moment(text: string): bigint {
  const ms = parseRfc3339Ms(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (ms === undefined) throw new InvalidArgumentError('needed: a time such as 2026-11-22T08:00:00Z, or a day of UTC.')
  return BigInt(ms) * 1_000_000n
}
