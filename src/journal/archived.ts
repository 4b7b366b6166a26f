/**
 * What was taken out of a journal's folder because an archive has it: `archived.json` beside the segments. Readers then say
 * "archived at …, restore it" of a hole that would else be a broken chain. It is written before a segment is removed.
 *
 * A segment that is there counts as there, whatever this file says.
 */
import type { Disk } from '#ports'
import { readSmallFile, replaceSmallFile } from './small-file.ts'

const FORMAT = 'kalshiflow-archived-segments-1'
export const ARCHIVED_NAME = 'archived.json'

export type ArchivedSegment = {
  readonly segment: number
  readonly id: string | null
  readonly previousId: string | null
  /** Of the sealed form, as the archive has it. */
  readonly sha256: string
  readonly bytes: number
  /** Stamps of its first and last record, Unix ns as text; `null` without records. */
  readonly firstNs: string | null
  readonly lastNs: string | null
  /** Where it is: a folder, or s3://bucket/prefix. */
  readonly target: string
  /** RFC 3339. */
  readonly removed: string
}

/** By rising number; empty when nothing was ever removed. Throws when the file is there and none of ours. */
export async function readArchived(disk: Disk, folder: string): Promise<ArchivedSegment[]> {
  const bytes = await readSmallFile(disk, `${folder}/${ARCHIVED_NAME}`)
  if (bytes === undefined) return []
  const { format, segments } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
    format?: unknown
    segments?: ArchivedSegment[]
  }
  if (format !== FORMAT || !Array.isArray(segments)) throw new Error(`${folder}/${ARCHIVED_NAME} is no list of ours`)
  return segments.toSorted((a, b) => a.segment - b.segment)
}

/** Adds to the list, or takes from it, durably. */
export async function changeArchived(
  disk: Disk,
  folder: string,
  change: (known: Map<number, ArchivedSegment>) => void,
): Promise<void> {
  const known = new Map((await readArchived(disk, folder)).map((each) => [each.segment, each]))
  change(known)
  const segments = [...known.values()].sort((a, b) => a.segment - b.segment)
  const text = `${JSON.stringify({ format: FORMAT, segments }, null, 1)}\n`
  await replaceSmallFile(disk, folder, ARCHIVED_NAME, Buffer.from(text))
}

/**
 * The archived segments that lie between a segment and the one that it follows, by rising number; `undefined` when they do
 * not lead there. `after`: ids that the first of them may follow, none when the reader has seen nothing before.
 */
export function archivedBefore(
  archived: readonly ArchivedSegment[],
  previousId: string | undefined,
  after: readonly (string | undefined)[],
): ArchivedSegment[] | undefined {
  const byId = new Map(archived.map((each) => [each.id, each]))
  const run: ArchivedSegment[] = []
  const starts = new Set(after.map((each) => each ?? null))
  for (let id: string | null = previousId ?? null; ; ) {
    const found = byId.get(id)
    if (found === undefined) return undefined
    run.unshift(found)
    if (starts.size === 0 || starts.has(found.previousId)) return run
    // A header that was damaged names nobody: what is before it is not known to be missing.
    if (found.id === null || run.length > archived.length) return undefined
    id = found.previousId
  }
}
