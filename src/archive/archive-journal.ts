/**
 * A whole journal into a target, as far as it is sealed; and, where that is wished, what is old and proved there out of the
 * folder. One look: whoever wants it again and again calls it again. What fails is told and left for the next time; nothing
 * here waits for the recorder or is waited for.
 */
import {
  type ArchivedSegment,
  changeArchived,
  FileDisk,
  listSegmentFiles,
  type Manifest,
  manifestPath,
  readManifest,
  removeIfThere,
  sealedPath,
} from '#journal'
import { archiveSegment, type Proof, proveArchived } from './archive-segment.ts'
import { ArchiveError } from './errors.ts'
import { listArchive } from './objects.ts'
import { type LocalSegment, type Retention, toArchive, toRemove } from './plan.ts'
import { readState, type TargetState, writeState } from './state.ts'
import type { ArchiveTarget } from './target.ts'

export type ArchiveOptions = {
  readonly dataFolder: string
  readonly target: ArchiveTarget
  readonly proof: Proof
  /** Absent: nothing is removed. */
  readonly retention?: Retention | undefined
  readonly onEvent?: (event: ArchiveEvent) => void
  readonly signal?: AbortSignal
}

export type ArchiveEvent =
  | {
      readonly kind: 'archived'
      readonly segment: number
      readonly bytes: number
      readonly put: number
      /** Pieces of it that could not be read when it was sealed: the copy has them as they are here. */
      readonly damaged: number
    }
  | { readonly kind: 'removed'; readonly segment: number; readonly bytes: number }
  /** The segment stays as it is here, and is tried again. 0: the target itself. */
  | { readonly kind: 'failed'; readonly segment: number; readonly code: string; readonly message: string }

export type ArchiveResult = {
  /** UUID; `undefined` when there is no sealed segment yet. */
  readonly journal: string | undefined
  /** Segments of this folder that the target is proved to have. */
  readonly proved: number
  /** Sealed segments that it does not have yet. */
  readonly behind: number
  readonly archived: number
  readonly removed: number
  readonly failures: readonly Extract<ArchiveEvent, { kind: 'failed' }>[]
  readonly lastSuccess: string | null
}

/** After so many failures in one look the target is taken for down, and the rest is left for the next. */
const FAILURES_MAX = 3

/** Never throws for what a target does: that is in `failures`. */
export async function archiveJournal(options: ArchiveOptions): Promise<ArchiveResult> {
  const { dataFolder, target, proof, retention, onEvent, signal } = options
  const folder = `${dataFolder}/journal`
  const { segments, manifests } = await look(folder)
  const journal = manifests.values().next().value?.journal
  const failures: Extract<ArchiveEvent, { kind: 'failed' }>[] = []
  const counts = { archived: 0, removed: 0 }
  if (journal === undefined) return { journal, proved: 0, behind: 0, ...counts, failures, lastSuccess: null }
  const before = await readState(dataFolder, target.name)
  const proved = new Set(before?.journal === journal ? before.proved : [])
  let lastSuccess = before?.journal === journal ? before.lastSuccess : null
  const keep = () => writeState(dataFolder, target.name, stateOf(journal, proved, lastSuccess))
  const failed = (segment: number, error: unknown) => {
    const failure = { kind: 'failed', segment, ...wordsOf(error) } as const
    failures.push(failure)
    onEvent?.(failure)
  }
  const resultOf = () => {
    const here = segments.filter(({ number }) => proved.has(number)).length
    return { journal, proved: here, behind: toArchive(segments, proved).length, ...counts, failures, lastSuccess }
  }
  try {
    // Another disk at the same place, or somebody who tidied up: what is not there is put there again.
    const there = new Set((await listArchive(target, journal)).get(journal))
    for (const each of proved) if (!there.has(each)) proved.delete(each)
  } catch (error) {
    failed(0, error)
    return resultOf()
  }
  for (const segment of toArchive(segments, proved)) {
    if (signal?.aborted || failures.length >= FAILURES_MAX) break
    try {
      const { manifest, put } = await archiveSegment(target, folder, segment, proof)
      proved.add(segment)
      counts.archived++
      await keep()
      onEvent?.({ kind: 'archived', segment, bytes: manifest.sealed.bytes, put, damaged: manifest.damage.length })
    } catch (error) {
      failed(segment, error)
    }
  }
  if (toArchive(segments, proved).length === 0) {
    lastSuccess = new Date().toISOString()
    await keep()
  }
  for (const segment of retention === undefined ? [] : toRemove(segments, proved, retention)) {
    if (signal?.aborted) break
    try {
      const bytes = await removeSegment(target, folder, manifests.get(segment)!)
      counts.removed++
      onEvent?.({ kind: 'removed', segment, bytes })
    } catch (error) {
      // It is not proved any more, whatever was known of it: and none behind it may go either.
      if (isLost(error)) proved.delete(segment)
      await keep()
      failed(segment, error)
      break
    }
  }
  return resultOf()
}

/** Proves the copy once more, writes down that the segment is there alone, and only then removes it here. */
async function removeSegment(target: ArchiveTarget, folder: string, manifest: Manifest): Promise<number> {
  await proveArchived(target, manifest)
  const disk = new FileDisk()
  const { segment, id, previousId, sealed, first, last } = manifest
  const entry: ArchivedSegment = {
    segment,
    id,
    previousId,
    sha256: sealed.sha256,
    bytes: sealed.bytes,
    firstNs: first?.ns ?? null,
    lastNs: last?.ns ?? null,
    target: target.name,
    removed: new Date().toISOString(),
  }
  await changeArchived(disk, folder, (known) => void known.set(segment, entry))
  await removeIfThere(disk, sealedPath(folder, segment))
  await removeIfThere(disk, manifestPath(folder, segment))
  await disk.syncFolder(folder)
  return sealed.bytes
}

async function look(folder: string): Promise<{ segments: LocalSegment[]; manifests: Map<number, Manifest> }> {
  const disk = new FileDisk()
  const segments: LocalSegment[] = []
  const manifests = new Map<number, Manifest>()
  for (const { number, raw, sealed } of await listSegmentFiles(disk, folder)) {
    const manifest = sealed && !raw ? await readManifest(disk, folder, number) : undefined
    if (manifest !== undefined) manifests.set(number, manifest)
    const lastMs = manifest?.last == null ? undefined : Number(BigInt(manifest.last.ns) / 1_000_000n)
    segments.push({ number, isSealed: manifest !== undefined, lastMs })
  }
  return { segments, manifests }
}

const stateOf = (journal: string, proved: ReadonlySet<number>, lastSuccess: string | null): TargetState => ({
  journal,
  proved: [...proved].sort((a, b) => a - b),
  lastSuccess,
})

const isLost = (error: unknown): boolean => error instanceof ArchiveError && error.code !== 'FLOW_ARCHIVE_UNREACHABLE'

const wordsOf = (error: unknown) => ({
  code: (error as { code?: string }).code ?? 'UNKNOWN',
  message: error instanceof Error ? error.message : String(error),
})
