/**
 * Segments of a journal back from a target, each proved against its digest before it gets its name. What is there already
 * stays as it is; a folder that holds another journal is left alone.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  changeArchived,
  FileDisk,
  listSegments,
  type Manifest,
  manifestName,
  readArchived,
  readManifest,
  replaceSmallFile,
  type SegmentSummary,
  sealedPath,
} from '#journal'
import { ArchiveError } from './errors.ts'
import { digestOf, listArchive, readArchivedManifest, sealedKey } from './objects.ts'
import type { ArchiveTarget } from './target.ts'

export type RestoreOptions = {
  readonly dataFolder: string
  readonly target: ArchiveTarget
  /** UUID; needed where the target has several and the folder none. */
  readonly journal?: string | undefined
  /** Segments from … to …, both counted. */
  readonly segments?: readonly [from: number, to: number] | undefined
  /** Segments with records between the two, Unix ns. */
  readonly between?: readonly [fromNs: bigint, toNs: bigint] | undefined
  readonly onEvent?: (event: RestoreEvent) => void
}

export type RestoreEvent =
  | { readonly kind: 'restored'; readonly segment: number; readonly bytes: number }
  | { readonly kind: 'present'; readonly segment: number }

export type RestoreResult = {
  readonly journal: string
  readonly environment: string
  readonly restored: number
  readonly present: number
  readonly bytes: number
  /** The segments that the archive has. */
  readonly archived: number
  readonly last: number
}

/** Throws {@link ArchiveError}; what was restored until then stays, and the next call goes on. */
export async function restoreJournal(options: RestoreOptions): Promise<RestoreResult> {
  const { dataFolder, target, segments, between, onEvent } = options
  const disk = new FileDisk()
  const folder = `${dataFolder}/journal`
  await disk.makeFolder(folder)
  const journal = await chooseJournal(target, folder, options.journal)
  const archived = (await listArchive(target, journal)).get(journal) ?? []
  if (archived.length === 0)
    throw new ArchiveError('FLOW_ARCHIVE_MISSING', `${target.name} has no segment of journal ${journal}`)
  const here = new Map((await listSegments(disk, folder)).map((each) => [each.number, each]))
  const result = { restored: 0, present: 0, bytes: 0 }
  let environment = ''
  for (const segment of archived) {
    if (segments !== undefined && (segment < segments[0] || segment > segments[1])) continue
    const { manifest, bytes } = await readArchivedManifest(target, journal, segment)
    environment = manifest.environment
    if (between !== undefined && !isBetween(manifest, between)) continue
    const found = here.get(segment)
    if (found !== undefined) {
      await mustBeSame(target, folder, manifest, found)
      result.present++
      onEvent?.({ kind: 'present', segment })
      continue
    }
    await restoreSegment(target, folder, manifest, bytes)
    result.restored++
    result.bytes += manifest.sealed.bytes
    onEvent?.({ kind: 'restored', segment, bytes: manifest.sealed.bytes })
  }
  return { journal, environment, ...result, archived: archived.length, last: archived.at(-1)! }
}

/** The folder's own journal; in a fresh one that named, or the only one that the target has. */
async function chooseJournal(target: ArchiveTarget, folder: string, named: string | undefined): Promise<string> {
  const own = (await listSegments(new FileDisk(), folder)).find(({ journal }) => journal !== undefined)?.journal
  if (own !== undefined && named !== undefined && own !== named)
    throw new ArchiveError(
      'FLOW_ARCHIVE_JOURNAL',
      `${folder} holds journal ${own}, and ${named} was asked for: two journals never share a folder. Restore into a fresh one with --data`,
    )
  const wanted = own ?? named
  const found = await listArchive(target)
  if (wanted !== undefined && found.has(wanted)) return wanted
  const names = [...found.keys()]
  if (wanted !== undefined)
    throw new ArchiveError(
      'FLOW_ARCHIVE_JOURNAL',
      `${folder} ${own === undefined ? 'is to hold' : 'holds'} journal ${wanted}, and ${target.name} has ${names.length === 0 ? 'none' : names.join(', ')}: name the archive of that journal, or restore into a fresh folder with --data`,
    )
  if (names.length === 1) return names[0]!
  throw new ArchiveError(
    names.length === 0 ? 'FLOW_ARCHIVE_MISSING' : 'FLOW_ARCHIVE_JOURNAL',
    names.length === 0
      ? `${target.name} has no journal`
      : `${target.name} has several journals: name one with --journal: ${names.join(', ')}`,
  )
}

const isBetween = ({ first, last }: Manifest, [fromNs, toNs]: readonly [bigint, bigint]): boolean =>
  first !== null && last !== null && BigInt(last.ns) >= fromNs && BigInt(first.ns) <= toNs

/** A segment that is there in whatever form must be the one that was archived. */
async function mustBeSame(
  target: ArchiveTarget,
  folder: string,
  wanted: Manifest,
  found: SegmentSummary,
): Promise<void> {
  const { segment, raw, id } = wanted
  const local = await readManifest(new FileDisk(), folder, segment)
  if (local === undefined ? found.id === (id ?? undefined) : local.raw.sha256 === raw.sha256) return
  throw new ArchiveError(
    'FLOW_ARCHIVE_DIFFERENT',
    `segment ${segment} of ${folder} is another than that in ${target.name}: nothing is overwritten. Restore into a fresh folder with --data`,
  )
}

async function restoreSegment(
  target: ArchiveTarget,
  folder: string,
  manifest: Manifest,
  manifestBytes: Uint8Array,
): Promise<void> {
  const { segment, journal, sealed } = manifest
  const disk = new FileDisk()
  const path = sealedPath(folder, segment)
  const part = `${path}.part`
  await rm(part, { force: true })
  await pipeline(Readable.from(target.read(sealedKey(journal, segment))), createWriteStream(part, { flush: true }))
  const found = await digestOf(createReadStream(part))
  if (found.sha256 !== sealed.sha256 || found.bytes !== sealed.bytes) {
    await rm(part, { force: true })
    throw new ArchiveError(
      'FLOW_ARCHIVE_CORRUPT',
      `segment ${segment} in ${target.name} has ${found.bytes} bytes with sha256 ${found.sha256.slice(0, 16)}…, and its manifest says ${sealed.bytes} with ${sealed.sha256.slice(0, 16)}…: it was not restored`,
    )
  }
  // A sealed file counts only with its manifest, which therefore comes second.
  await rename(part, path)
  await replaceSmallFile(disk, folder, manifestName(segment), manifestBytes)
  if ((await readArchived(disk, folder)).some((each) => each.segment === segment))
    await changeArchived(disk, folder, (known) => void known.delete(segment))
}
