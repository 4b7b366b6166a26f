/** `kalshiflow archive`: copies what is sealed of the journal elsewhere, proves the copies, and may remove what is old here. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import {
  ArchiveError,
  type ArchiveEvent,
  type ArchiveResult,
  type ArchiveTarget,
  archiveJournal,
  openTarget,
  type Retention,
  verifyArchive,
} from '#archive'
import { FileDisk, listSegments, sealableSegments, sealSegment } from '#journal'
import { migrate } from '#store'
import { type DropResult, dropOldDays } from '../archive/drop-days.ts'
import { lockRemoval } from '../archive/removal-lock.ts'
import { loadConfig } from '../config/config-load.ts'
import { DataLockError, isRecording, lockData } from '../recorder/data-lock.ts'
import { openClient } from '../store/open-client.ts'
import { EXIT } from './failure.ts'
import { print, printJson } from './output.ts'
import { type CommonFlags, count, duration, folderToRead, withData, withJson } from './shared.ts'

export type ArchiveFlags = CommonFlags & {
  readonly archiveTo?: string
  readonly endpoint?: string
  readonly verify?: boolean
  readonly keepRawDays?: number
  readonly keepDatabaseDays?: number
  readonly every?: number
  readonly database: string | boolean
}

export const withArchive = (command: Command): Command =>
  withJson(withData(command))
    .option('--archive-to <target>', 'a folder that is there, or s3://bucket/prefix (KALSHIFLOW_ARCHIVE_TO)')
    .option('--endpoint <url>', 'of an S3-compatible store that is not Amazon’s (KALSHIFLOW_ARCHIVE_ENDPOINT)')

export function addArchive(program: Command): void {
  withArchive(program.command('archive'))
    .option('--verify', 'read every copy back to the last byte, those of earlier runs too')
    .option(
      '--keep-raw-days <n>',
      'remove journal files here that are older, once their copies are proved anew; without it nothing is removed',
      count(0, 36_500),
    )
    .option(
      '--keep-database-days <n>',
      'drop older days of the database, once every segment of their rows is proved in the archive anew',
      count(1, 36_500),
    )
    .option('--every <duration>', 'again and again, after each 10m, 1h', duration)
    .option(
      '--database <url>',
      'whose rows must have been made before a file is removed (DATABASE_URL, the embedded one)',
    )
    .option('--no-database', 'there is no database: the archive alone is to have what is removed')
    .summary('copy the journal to a folder or an S3-compatible store')
    .description(
      'Copies sealed journal files with their manifests, each proved there; what is there already is not sent again, and\n' +
        'nothing there is ever overwritten. While no recorder runs the last file is sealed too, so that all of it is copied.\n' +
        'A recorder with KALSHIFLOW_ARCHIVE_TO does the same by itself.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow archive --archive-to /mnt/backup/kalshiflow\n' +
        '  AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… kalshiflow archive --archive-to s3://bucket/kalshi --verify\n' +
        '  kalshiflow archive --archive-to /mnt/backup/kalshiflow --keep-raw-days 30\n\n' +
        'Exit code: 0 all that is sealed is archived, 1 something is not or a copy is bad, 2 could not run.',
    )
    .action(async (flags: ArchiveFlags) => {
      const { every } = flags
      const folder = folderToRead(flags)
      const target = await targetOf(flags)
      try {
        do {
          process.exitCode = await archiveOnce(folder, target, flags)
          if (every !== undefined) await sleep(every)
        } while (every !== undefined)
      } finally {
        target.close()
      }
    })
}

/** The archive that is named, or configured. Throws FLOW_ARCHIVE_TARGET where none is. */
export async function targetOf(
  flags: Pick<ArchiveFlags, 'archiveTo' | 'endpoint' | 'profile'>,
): Promise<ArchiveTarget> {
  const { archive } = loadConfig({ needsKey: 'never', profile: flags.profile }).config
  const to = flags.archiveTo ?? archive.to
  if (to === undefined)
    throw new ArchiveError('FLOW_ARCHIVE_TARGET', 'no archive is named: --archive-to, or KALSHIFLOW_ARCHIVE_TO')
  return openTarget({ to, endpoint: flags.endpoint ?? archive.endpoint })
}

async function archiveOnce(folder: string, target: ArchiveTarget, flags: ArchiveFlags): Promise<number> {
  const removing = flags.keepRawDays === undefined ? undefined : lockRemoval(folder, 'archive')
  try {
    if (!isRecording(folder)) await sealLast(folder)
    const proof = flags.verify === true ? 'full' : 'digest'
    const retention = flags.keepRawDays === undefined ? undefined : await retentionOf(folder, flags, flags.keepRawDays)
    const onEvent =
      flags.json === true ? undefined : (event: ArchiveEvent) => void process.stderr.write(`${tellEvent(event)}\n`)
    const options = { dataFolder: folder, target, proof, retention } as const
    const result = await archiveJournal(onEvent === undefined ? options : { ...options, onEvent })
    const proved =
      flags.verify === true && result.journal !== undefined && result.failures.length === 0
        ? await verifyArchive(target, result.journal)
        : undefined
    const dropped =
      flags.keepDatabaseDays === undefined || result.journal === undefined || result.failures.length > 0
        ? undefined
        : await dropDays(folder, target, result.journal, flags.keepDatabaseDays, flags)
    const faults = [
      ...result.failures.map(({ message }) => message),
      ...(proved?.faults ?? []),
      ...(dropped?.faults ?? []),
    ]
    if (flags.json === true)
      printJson({
        target: target.name,
        ...result,
        ...(proved && { verified: proved }),
        ...(dropped && { dropped }),
        faults,
      })
    else print(describe(target, result, proved?.segments, faults))
    if (flags.json !== true && dropped !== undefined)
      print(`${dropped.days} days of the database dropped, with ${dropped.rows.toLocaleString('en-US')} rows.`)
    return faults.length > 0 || result.behind > 0 ? EXIT.FAULTS : EXIT.DONE
  } finally {
    removing?.release()
  }
}

/** Seals what a recorder would have, and the last segment too: for that alone nobody may begin to record. */
async function sealLast(folder: string): Promise<void> {
  const place = { disk: new FileDisk(), folder: `${folder}/journal` }
  for (const segment of await sealableSegments(place.disk, place.folder)) {
    try {
      await sealSegment(place, segment)
    } catch (error) {
      // A recorder began meanwhile, and seals by itself.
      if (isRecording(folder)) return
      throw error
    }
  }
  let lock: ReturnType<typeof lockData>
  try {
    lock = lockData(folder, 'archive')
  } catch (error) {
    // A recorder began meanwhile: the last segment is not the last any more, or will not be for long.
    if (error instanceof DataLockError) return
    throw error
  }
  try {
    for (const segment of await sealableSegments(place.disk, place.folder, true))
      await sealSegment({ ...place, isFinished: true }, segment)
  } finally {
    lock.release()
  }
}

async function retentionOf(folder: string, flags: ArchiveFlags, keepDays: number): Promise<Retention> {
  const nowMs = Date.now()
  if (flags.database === false) return { keepDays, nowMs, readBefore: Number.MAX_SAFE_INTEGER }
  const database = typeof flags.database === 'string' ? flags.database : undefined
  const open = await openClient(folder, { profile: flags.profile, database })
  try {
    const { rows } = await open.client.query<{ segment: number }>(
      `SELECT min(segment) AS segment FROM "${open.schema}".rl_ingest_cursor WHERE journal = ANY($1)`,
      [await journalsOf(folder)],
    )
    // Nothing stored: nothing goes.
    return { keepDays, nowMs, readBefore: rows[0]?.segment ?? undefined }
  } finally {
    await open.close()
  }
}

async function dropDays(
  folder: string,
  target: ArchiveTarget,
  journal: string,
  keepDays: number,
  flags: ArchiveFlags,
): Promise<DropResult> {
  const database = typeof flags.database === 'string' ? flags.database : undefined
  const { client, schema, close } = await openClient(folder, { profile: flags.profile, database })
  try {
    await migrate(client, { schema })
    return await dropOldDays({ client, schema, target, journal, keepDays, nowMs: Date.now() })
  } finally {
    await close()
  }
}

async function journalsOf(folder: string): Promise<string[]> {
  const segments = await listSegments(new FileDisk(), `${folder}/journal`)
  return [...new Set(segments.flatMap(({ journal }) => (journal === undefined ? [] : [journal])))]
}

export function tellEvent(event: ArchiveEvent): string {
  const text =
    event.kind === 'failed'
      ? `${event.segment === 0 ? '' : `segment ${event.segment}: `}${event.message} (${event.code})`
      : event.kind === 'removed'
        ? `segment ${event.segment}: removed here, ${mib(event.bytes)} MiB`
        : `segment ${event.segment}: ${event.put === 0 ? 'was there, and is proved' : `archived, ${mib(event.bytes)} MiB`}`
  const damaged =
    event.kind === 'archived' && event.damaged > 0
      ? `; as damaged as it is here (${event.damaged} ${event.damaged === 1 ? 'place' : 'places'}): \`kalshiflow verify\` names what cannot be read`
      : ''
  return `${text}${damaged}`
}

const mib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1)

function describe(
  target: ArchiveTarget,
  { journal, proved, behind, archived, removed }: ArchiveResult,
  verified: number | undefined,
  faults: readonly string[],
): string {
  if (journal === undefined) return `Nothing is sealed yet, and nothing was archived in ${target.name}.`
  return [
    `${archived} ${archived === 1 ? 'segment' : 'segments'} archived now, ${proved} of this folder proved in ${target.name}${behind > 0 ? `, ${behind} NOT archived` : ''}${removed > 0 ? `; ${removed} removed here` : ''}.`,
    ...(verified === undefined
      ? []
      : [`${verified} ${verified === 1 ? 'copy' : 'copies'} read back to the last byte.`]),
    ...(faults.length > 0
      ? [
          faults.length === 1 ? '1 FAULT:' : `${faults.length} FAULTS:`,
          ...faults.slice(0, 20).map((each) => `  ${each}`),
        ]
      : []),
  ].join('\n')
}
