/** `kalshiflow gaps`: every hole of the recording, with whose doing it was, and how clean each day and market is. */
import { type Command, Option } from 'commander'
import { HOLE_CAUSES, wallTime } from '#ledger'
import { tellMissing, tellReadFault } from '../reading/journal-faults.ts'
import { type LedgerView, pickHoles } from '../reading/ledger-view.ts'
import { readLedger } from '../reading/read-ledger.ts'
import { readLedgerRows } from '../reading/read-ledger-rows.ts'
import { isRecording } from '../recorder/data-lock.ts'
import { openClient } from '../store/open-client.ts'
import { EXIT } from './failure.ts'
import { gapsJson, tellGaps } from './gaps-output.ts'
import { print, printJson } from './output.ts'
import { showProgress } from './progress.ts'
import { type CommonFlags, folderToRead, withData, withJson } from './shared.ts'
import { type AskedRange, type RangeFlags, rangeOf, withRange } from './time-range.ts'

export type GapsFlags = CommonFlags &
  RangeFlags & {
    readonly market?: string
    readonly cause?: string
    readonly markets?: boolean
    readonly source: 'journal' | 'database'
    readonly database?: string
  }

export function addGaps(program: Command): void {
  withRange(withJson(withData(program.command('gaps'))))
    .option('--market <tickers>', 'only these markets, with commas between them')
    .addOption(new Option('--cause <cause>', 'only holes of this cause').choices(HOLE_CAUSES))
    .option('--markets', 'how clean each market is on each day')
    .addOption(
      new Option('--source <source>', 'journal: read and folded anew; database: what is stored, which is quicker')
        .choices(['journal', 'database'])
        .default('journal'),
    )
    .option('--database <url>', 'with --source database: PostgreSQL (DATABASE_URL; default: the embedded server)')
    .summary('what was missed, and how clean each day is')
    .description(
      'Lists every hole of the recording with its cause, whose doing it was, when it began and ended, and what closed it;\n' +
        'and for each day the share of the markets’ open time in which their books could be believed (clean), the same share\n' +
        'of the time that was asked for (held), and the part of the clean time that later snapshots of the exchange confirmed\n' +
        '(verified). docs/gaps.md explains causes and figures.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow gaps --from 24h\n  kalshiflow gaps --day yesterday --zone America/New_York --markets\n' +
        '  kalshiflow gaps --cause sequence_break --market KXFED-27APR-T4.25 --json\n\n' +
        'Exit code: 0 no holes but those that an operator asked for, 1 others, or the journal is damaged, 2 could not run.',
    )
    .action(async (flags: GapsFlags) => {
      const nowMs = Date.now()
      const folder = folderToRead(flags)
      const range = rangeOf(flags, nowMs, wallTime(nowMs, flags.zone).day)
      const { view, faults } = await look(folder, flags, range, nowMs)
      const markets =
        flags.market === undefined ? undefined : new Set(flags.market.split(',').map((each) => each.trim()))
      const holes = pickHoles(view, range, { markets, cause: flags.cause })
      const asked = { range, markets, withMarkets: flags.markets === true }
      if (flags.json === true) printJson(gapsJson(view, holes, faults, asked))
      else print(tellGaps(view, holes, asked, nowMs))
      for (const text of faults) process.stderr.write(`kalshiflow: ${text}\n`)
      const wasMissed = holes.some(({ blame }) => blame !== 'operator')
      process.exitCode = wasMissed || faults.length > 0 ? EXIT.FAULTS : EXIT.DONE
    })
}

async function look(
  folder: string,
  flags: GapsFlags,
  { fromMs, toMs, hasFrom, hasTo }: AskedRange,
  nowMs: number,
): Promise<{ view: LedgerView; faults: string[] }> {
  const journal = `${folder}/journal`
  const range = { fromMs: hasFrom ? fromMs : undefined, toMs: hasTo ? toMs : undefined }
  if (flags.source === 'database') {
    const { client, schema, close } = await openClient(folder, flags)
    try {
      return {
        view: await readLedgerRows(client, { schema, journal, isRecording: isRecording(folder), nowMs, ...range }),
        faults: [],
      }
    } finally {
      await close()
    }
  }
  const faults = await tellMissing(journal)
  const progress = showProgress('reading')
  try {
    const view = await readLedger({
      folder: journal,
      isRecording: isRecording(folder),
      nowMs,
      ...range,
      onProgress: progress.tell,
    })
    const met = view.faults.flatMap((fault) => tellReadFault(journal, fault) ?? [])
    return { view, faults: [...new Set([...faults, ...met])] }
  } finally {
    progress.end()
  }
}
