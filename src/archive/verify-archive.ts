/** Proves what a target has of a journal: every manifest, every digest to the last byte, and that one segment follows the other. */
import { ArchiveError } from './errors.ts'
import { listArchive, readArchivedManifest, readBack, sealedKey } from './objects.ts'
import type { ArchiveTarget } from './target.ts'

export type ArchiveProof = {
  readonly segments: number
  readonly bytes: number
  /** In words; empty when all is well. */
  readonly faults: readonly string[]
}

/** Throws FLOW_ARCHIVE_UNREACHABLE; whatever else is wrong is a fault. */
export async function verifyArchive(
  target: ArchiveTarget,
  journal: string,
  onProgress: (segments: number) => void = () => {},
): Promise<ArchiveProof> {
  const faults: string[] = []
  let segments = 0
  let bytes = 0
  let before: { readonly segment: number; readonly id: string | null } | undefined
  for (const segment of (await listArchive(target, journal)).get(journal) ?? []) {
    try {
      const { manifest } = await readArchivedManifest(target, journal, segment)
      await readBack(target, sealedKey(journal, segment), manifest.sealed)
      const isNext = before === undefined || before.id === null || manifest.previousId === before.id
      if (!isNext) faults.push(`one or more segments between ${before!.segment} and ${segment} are not archived`)
      before = { segment, id: manifest.id }
      segments++
      bytes += manifest.sealed.bytes
    } catch (error) {
      if (!(error instanceof ArchiveError) || error.code === 'FLOW_ARCHIVE_UNREACHABLE') throw error
      faults.push(error.message)
      before = undefined
    }
    onProgress(segments)
  }
  return { segments, bytes, faults }
}
