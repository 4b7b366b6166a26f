/** `kalshiflow db …`: the schema and the rows: made, told, thrown away and made again. */
import type { Command } from 'commander'
import { formatPosition } from '#domain'
import { FileDisk, listSegments } from '#journal'
import { DEFAULT_SCHEMA, migrate, readStatus, rebuildPrepare, reset, type SchemaStatus, StoreWriter } from '#store'
import { tellRemoved } from '../reading/journal-faults.ts'
import { isRecording } from '../recorder/data-lock.ts'
import { type OpenClient, openClient } from '../store/open-client.ts'
import { EXIT } from './failure.ts'
import { print, printJson, table } from './output.ts'
import { type CommonFlags, folderToRead, withData, withJson } from './shared.ts'

type Client = Awaited<ReturnType<typeof openClient>>['client']
type DbFlags = CommonFlags & { readonly database?: string; readonly confirm?: string; readonly inPart?: boolean }

/** Emptying the tables would lose the rows of what is not here. */
export class JournalInPart extends Error {
  override readonly name = 'JournalInPart'
  readonly code = 'FLOW_JOURNAL_IN_PART'

  constructor(removed: readonly string[]) {
    super(`the rows of what is archived would be gone: ${removed.join(' ')} Restore it first, or say --in-part`)
  }
}

export class StillRecording extends Error {
  override readonly name = 'StillRecording'
  readonly code = 'FLOW_STILL_RECORDING'
}

export function addDb(program: Command): void {
  const db = program
    .command('db')
    .summary('the tables: migrate, status, url, rebuild, reset')
    .description('Works on the database of DATABASE_URL, or on the embedded one of the data folder.')
  const add = (name: string, text: string, act: (folder: string, flags: DbFlags) => Promise<number>) =>
    withJson(withData(db.command(name)))
      .option('--database <url>', 'PostgreSQL (DATABASE_URL; default: the embedded server of the data folder)')
      .description(text)
      .addHelpText(
        'after',
        `\nExample:\n  kalshiflow db ${name}${name === 'reset' ? ` --confirm ${DEFAULT_SCHEMA}` : ''}`,
      )
      .action(async (flags: DbFlags) => {
        process.exitCode = await act(folderToRead(flags), flags)
      })
  add('migrate', 'Makes the schema, or brings it to this version; safe to run again.', migrateSchema)
  add('status', 'Version, tables with rows and bytes, and how far each journal is stored.', showStatus)
  add(
    'url',
    'Prints the URL for other programs, password included; an embedded server is up while a recorder is.',
    showUrl,
  )
  add(
    'rebuild',
    'Empties every table that is made from the journal and makes the rows again; models and trading rows stay.',
    rebuild,
  ).option('--in-part', 'although segments of the journal are in an archive and not here: their rows are not made')
  add(
    'reset',
    'Drops everything of ours, models and trading rows included; no other program’s table is touched.',
    resetSchema,
  ).option('--confirm <schema>', 'the name of the schema, to say that it is meant')
}

async function migrateSchema(folder: string, flags: DbFlags): Promise<number> {
  return withClient(folder, flags, async (client, { schema }) => {
    const { applied, version } = await migrate(client, { schema })
    if (flags.json === true) printJson({ version, applied })
    else
      print(
        applied.length === 0
          ? `Schema '${schema}' is at version ${version}: nothing to do.`
          : `Schema '${schema}' is at version ${version}: applied ${applied.join(', ')}.`,
      )
    return EXIT.DONE
  })
}

async function showStatus(folder: string, flags: DbFlags): Promise<number> {
  return withClient(folder, flags, async (client, { lease: { serverVersion: version }, schema }) => {
    const found = await readStatus(client, { schema })
    const status = { ...found, tables: await countSmall(client, found) }
    if (flags.json === true)
      printJson({
        server: version,
        ...status,
        cursors: status.cursors.map((each) => ({
          ...each,
          position: formatPosition(each.position),
          receivedNs: String(each.receivedNs),
        })),
      })
    else print(describe(status, version))
    return EXIT.DONE
  })
}

/** Up to this size a table's rows are counted; beyond, PostgreSQL's estimate is told. */
const COUNT_BYTES_MAX = 64 << 20

type CountedTable = SchemaStatus['tables'][number] & { readonly rows: number; readonly isEstimate: boolean }
type CountedStatus = Omit<SchemaStatus, 'tables'> & { readonly tables: readonly CountedTable[] }

async function countSmall(client: Client, { schema, tables }: SchemaStatus): Promise<CountedTable[]> {
  const counted: CountedTable[] = []
  for (const each of tables) {
    const isEstimate = each.bytes > COUNT_BYTES_MAX
    const sql = `SELECT count(*) AS rows FROM ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(each.table)}`
    const rows = isEstimate
      ? (each.rowsEstimate ?? 0)
      : Number((await client.query<{ rows: string }>(sql)).rows[0]?.rows)
    counted.push({ ...each, rows, isEstimate })
  }
  return counted
}

async function showUrl(folder: string, flags: DbFlags): Promise<number> {
  return withClient(folder, flags, async (_, { lease: { serverVersion: version, url, kind } }) => {
    if (flags.json === true) printJson({ url, server: version })
    else print(url)
    if (kind === 'embedded' && !isRecording(folder))
      process.stderr.write('No recorder runs in this folder: the embedded server stops again with this command.\n')
    return EXIT.DONE
  })
}

async function rebuild(folder: string, flags: DbFlags): Promise<number> {
  refuseWhileRecording(folder)
  const removed = await tellRemoved(`${folder}/journal`)
  if (removed.length > 0 && flags.inPart !== true) throw new JournalInPart(removed)
  return withClient(folder, flags, async (client, { lease: { url }, schema }) => {
    await migrate(client, { schema })
    await rebuildPrepare(client, { schema })
    const segments = await listSegments(new FileDisk(), `${folder}/journal`)
    const total = segments.reduce((sum, { bytes }) => sum + bytes, 0)
    const end = { segment: (segments.at(-1)?.number ?? 0) + 1, offset: 0 }
    const startedMs = performance.now()
    const writer = new StoreWriter({ journalFolder: `${folder}/journal`, database: url, schema, durable: () => end })
    const running = writer.run()
    running.catch(() => {})
    const progress = setInterval(() => {
      if (process.stderr.isTTY !== true) return
      const { rows, rowsPerSecond, position } = writer.status
      const done = segments
        .filter(({ number }) => number < position.segment)
        .reduce((sum, { bytes }) => sum + bytes, position.offset)
      const seconds = (performance.now() - startedMs) / 1000
      const left = done === 0 ? '?' : Math.max(0, Math.round((seconds * (total - done)) / done))
      process.stderr.write(
        `\r\u001b[2K${rows.toLocaleString('en-US')} rows, ${Math.round(rowsPerSecond).toLocaleString('en-US')}/s, ${Math.round((100 * done) / Math.max(1, total))} %, ${left} s left`,
      )
    }, 250)
    try {
      await Promise.race([running, caughtUp(writer)])
    } finally {
      clearInterval(progress)
      if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[2K')
      await writer.stop()
    }
    const { rows, quarantined, unreadable } = writer.status
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10
    if (flags.json === true) printJson({ rows, quarantined, unreadable, seconds })
    else
      print(
        `Rebuilt ${rows.toLocaleString('en-US')} rows in ${seconds} s; in quarantine: ${quarantined}.${unreadable > 0 ? ` ${unreadable} places of the journal could not be read.` : ''}`,
      )
    return unreadable > 0 ? EXIT.FAULTS : EXIT.DONE
  })
}

async function resetSchema(folder: string, flags: DbFlags): Promise<number> {
  refuseWhileRecording(folder)
  return withClient(folder, flags, async (client, { schema }) => {
    const dropped = await reset(client, { schema, confirm: flags.confirm ?? '' })
    if (flags.json === true) printJson({ dropped })
    else
      print(
        `Dropped ${dropped.length} tables and views of schema '${schema}'. \`kalshiflow db rebuild\` makes the rows of the journal again.`,
      )
    return EXIT.DONE
  })
}

/** Where a window of conflated rows stays open at the journal's end, standing still for so long is the end. */
const STILL_MS = 10_000
const LOOK_MS = 50
/** Long enough to flush what is held. */
const DRAIN_MS = 1_000

/** Until everything that can be read is in the database, however long that takes. */
export async function caughtUp(writer: StoreWriter): Promise<void> {
  let place = ''
  let sinceMs = performance.now()
  for (;;) {
    await new Promise((done) => setTimeout(done, LOOK_MS))
    if (writer.isAtEnd) return
    const { position, state } = writer.status
    const here = formatPosition(position)
    if (here !== place || state !== 'writing') {
      place = here
      sinceMs = performance.now()
    } else if (performance.now() - sinceMs > STILL_MS && position.segment > 0) {
      const drained = await writer.drain(DRAIN_MS)
      if (formatPosition(drained.position) === here) return
    }
  }
}

function refuseWhileRecording(folder: string): void {
  if (isRecording(folder))
    throw new StillRecording(
      `a recorder stores into the database of ${folder}: stop it first, or start it with --no-store`,
    )
}

async function withClient(
  folder: string,
  flags: DbFlags,
  act: (client: Client, open: OpenClient) => Promise<number>,
): Promise<number> {
  const open = await openClient(folder, flags)
  try {
    return await act(open.client, open)
  } finally {
    await open.close()
  }
}

function describe(status: CountedStatus, server: string): string {
  const { schema, version, pending, tables, cursors, dropped } = status
  if (version === 0)
    return `PostgreSQL ${server}: no schema '${schema}' yet. \`kalshiflow db migrate\` makes it; a recorder does so by itself.`
  const shown = tables.map(({ table: name, rows, isEstimate, bytes, partitions }) => [
    name,
    `${isEstimate ? '~' : ''}${Math.round(rows).toLocaleString('en-US')}`,
    bytes,
    partitions?.length ?? 0,
  ])
  const stored = cursors.map(({ journal, environment, position, receivedNs }) => {
    const until =
      receivedNs === 0n
        ? 'nothing yet'
        : `up to ${formatPosition(position)}, received ${new Date(Number(receivedNs / 1_000_000n)).toISOString()}`
    return `Journal ${journal} (${environment}): ${until}.`
  })
  return [
    `PostgreSQL ${server}, schema '${schema}', version ${version}${pending.length > 0 ? `; pending: ${pending.join(', ')}` : ''}.`,
    ...stored,
    ...(dropped.length === 0 ? [] : [tellDropped(dropped)]),
    table(['table', 'rows', 'bytes', 'days'], shown),
  ].join('\n')
}

/** Days that are not here any more, and how they come back. */
function tellDropped(dropped: CountedStatus['dropped']): string {
  const [first, last] = [dropped[0]!, dropped.at(-1)!]
  const rows = dropped.reduce((sum, each) => sum + each.rows, 0)
  return `${dropped.length} days were dropped, ${first.day} to ${last.day}, with ${rows.toLocaleString('en-US')} rows: ${last.target} has them. \`kalshiflow restore\` and \`kalshiflow db rebuild\` bring them back.`
}
