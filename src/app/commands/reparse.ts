/** `kalshiflow reparse --from`: makes the tables again from a place of the journal on, after a mend of this program. */
import type { Command } from 'commander'
import { parseRfc3339Ms } from '#codec'
import { formatPosition, parsePosition } from '#domain'
import { FileDisk, listSegments } from '#journal'
import {
  beginRedo,
  countFrom,
  finishRedo,
  migrate,
  PLACED_TABLES,
  planRedo,
  type RedoFrom,
  type Removal,
  StoreWriter,
} from '#store'
import { isRecording } from '../recorder/data-lock.ts'
import { openClient } from '../store/open-client.ts'
import { caughtUp, StillRecording } from './db.ts'
import { EXIT } from './failure.ts'
import { print, printJson, table } from './output.ts'
import { showProgress } from './progress.ts'
import { type CommonFlags, folderToRead, withData, withJson } from './shared.ts'
import { RangeFault } from './time-range.ts'

type ReparseFlags = CommonFlags & { readonly from: string; readonly database?: string }

export function addReparse(program: Command): void {
  withJson(withData(program.command('reparse')))
    .requiredOption('--from <place>', 'a position (12:4096), a segment (12) or a time (2026-11-22T03:00:00Z)')
    .option('--database <url>', 'PostgreSQL (DATABASE_URL; default: the embedded server of the data folder)')
    .summary('make the tables again from a place on')
    .description(
      'Removes every row that the journal’s records from there on have made, and writes them again with this version of the\n' +
        'program: after a mend, or when the wire has changed and a later version can read it. What stood in rl_quarantine and\n' +
        'can be read now becomes rows. Models and trading rows stay. Interrupted, run it again: or start a recorder, whose\n' +
        'store finishes it. `db rebuild` does the same for the whole journal.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow reparse --from 12\n  kalshiflow reparse --from 2026-11-22T03:00:00Z --json\n\n' +
        'Exit code: 0 done, 1 places of the journal could not be read, 2 could not run.',
    )
    .action(async (flags: ReparseFlags) => {
      const folder = folderToRead(flags)
      const from = placeOf(flags.from)
      if (isRecording(folder))
        throw new StillRecording(
          `a recorder stores into the database of ${folder}: stop it first, or start it with --no-store`,
        )
      const { client, lease, schema, close } = await openClient(folder, flags)
      try {
        process.exitCode = await reparse({ folder, from, client, url: lease.url, schema, json: flags.json === true })
      } finally {
        await close()
      }
    })
}

type Parts = {
  readonly folder: string
  readonly from: RedoFrom
  readonly client: Awaited<ReturnType<typeof openClient>>['client']
  readonly url: string
  readonly schema: string
  readonly json: boolean
}

async function reparse({ folder, from, client, url, schema, json }: Parts): Promise<number> {
  const startedMs = performance.now()
  const place = { disk: new FileDisk(), folder: `${folder}/journal` }
  await migrate(client, { schema })
  const segments = await listSegments(place.disk, place.folder)
  const journal = segments.find((each) => each.journal !== undefined)?.journal ?? ''
  const { sampleRate, ...stored } = await storedOf(client, schema, journal)
  const progress = showProgress('reading up to the place')
  const plan = await planRedo(place, from, { sampleRate, stored, onProgress: progress.tell }).finally(progress.end)
  const journalId = await beginRedo(client, schema, journal, plan)
  const removal: Removal = { journalId, from: plan.from, fromNs: plan.fromNs }
  const before = await countFrom(client, schema, removal)
  await finishRedo(client, schema, journal)
  const unreadable = await writeAgain({ place, segments, url, schema, sampleRate })
  const after = await countFrom(client, schema, removal)
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10
  if (json) printJson({ from: formatPosition(plan.from), before, after, unreadable, seconds })
  else print(describe(formatPosition(plan.from), before, after, unreadable, seconds))
  return unreadable > 0 ? EXIT.FAULTS : EXIT.DONE
}

async function storedOf(client: Parts['client'], schema: string, journal: string) {
  const { rows } = await client.query<{ sample_rate: number; segment: number; offset: string; counts: object }>(
    `SELECT sample_rate, segment, "offset", counts FROM ${client.escapeIdentifier(schema)}.rl_ingest_cursor
     WHERE journal::text = $1`,
    [journal],
  )
  const { sample_rate: sampleRate = 1, segment = 0, offset = '0', counts = {} } = rows[0] ?? {}
  return { sampleRate, position: { segment, offset: Number(offset) }, counts: counts as Record<string, number> }
}

type Writing = {
  readonly place: { readonly folder: string }
  readonly segments: Awaited<ReturnType<typeof listSegments>>
  readonly url: string
  readonly schema: string
  readonly sampleRate: number
}

/** Writes from the watermark to the journal's end. Answers how many places could not be read. */
async function writeAgain({ place, segments, url, schema, sampleRate }: Writing): Promise<number> {
  const end = { segment: (segments.at(-1)?.number ?? 0) + 1, offset: 0 }
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0)
  const options = { journalFolder: place.folder, database: url, schema, sampleRate, severalJournals: true }
  const writer = new StoreWriter({ ...options, durable: () => end })
  const running = writer.run()
  running.catch(() => {})
  const progress = showProgress('writing')
  const ticking = setInterval(() => {
    const { position } = writer.status
    const whole = segments.filter(({ number }) => number < position.segment)
    progress.tell(
      whole.reduce((sum, { bytes }) => sum + bytes, position.offset),
      total,
    )
  }, 250)
  try {
    await Promise.race([running, caughtUp(writer)])
  } finally {
    clearInterval(ticking)
    progress.end()
    await writer.stop()
  }
  return writer.status.unreadable
}

function describe(
  from: string,
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  unreadable: number,
  seconds: number,
): string {
  const shown = PLACED_TABLES.filter((each) => (before[each] ?? 0) + (after[each] ?? 0) > 0)
  const rows = shown.map((each) => {
    const change = (after[each] ?? 0) - (before[each] ?? 0)
    return [each, before[each] ?? 0, after[each] ?? 0, change === 0 ? '' : change > 0 ? `+${change}` : String(change)]
  })
  return [
    `Made again from ${from} on, in ${seconds} s.`,
    table(['table', 'rows before', 'rows after', 'change'], rows),
    ...(unreadable > 0 ? [`${unreadable} places of the journal could not be read.`] : []),
  ].join('\n')
}

function placeOf(text: string): RedoFrom {
  const position = parsePosition(text)
  if (position !== undefined) return { position }
  if (/^\d{1,9}$/.test(text)) return { position: { segment: Number(text), offset: 0 } }
  const atMs = parseRfc3339Ms(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (atMs !== undefined) return { atMs }
  throw new RangeFault(
    `--from needs a position (12:4096), a segment (12) or a time (2026-11-22T03:00:00Z); found ${text}`,
  )
}
