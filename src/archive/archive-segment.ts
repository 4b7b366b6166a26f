/**
 * One sealed segment into a target: the segment, proved there, and then its manifest, proved there too. Whatever of it is
 * there already is proved and not put again; something else under its name is an error and stays as it is.
 */
import { createReadStream } from 'node:fs'
import { FileDisk, type Manifest, manifestPath, readManifest, readSmallFile, sealedPath } from '#journal'
import { ArchiveError } from './errors.ts'
import { bytesBody, digestOf, fileBody, manifestKey, readArchivedManifest, readBack, sealedKey } from './objects.ts'
import type { ArchiveTarget, ObjectBody } from './target.ts'

/** `full`: read back to the last byte. `digest`: what the target says of the bytes that it took, where it says it. */
export type Proof = 'full' | 'digest'

/** What became of a segment. `put`: bytes that were sent; 0 when all of it was there. */
export type Archived = { readonly manifest: Manifest; readonly put: number }

/** Throws {@link ArchiveError}; the segment then does not count as archived. */
export async function archiveSegment(
  target: ArchiveTarget,
  folder: string,
  segment: number,
  proof: Proof,
): Promise<Archived> {
  const disk = new FileDisk()
  const manifest = await readManifest(disk, folder, segment)
  const manifestBytes = await readSmallFile(disk, manifestPath(folder, segment))
  if (manifest === undefined || manifestBytes === undefined)
    throw new ArchiveError('FLOW_ARCHIVE_LOCAL', `segment ${segment} of ${folder} has no sound manifest: seal it anew`)
  const { journal } = manifest
  const { bytes, sha256 } = manifest.sealed
  const local = await digestOf(createReadStream(sealedPath(folder, segment)))
  if (local.sha256 !== sha256 || local.bytes !== bytes)
    throw new ArchiveError(
      'FLOW_ARCHIVE_LOCAL',
      `segment ${segment} of ${folder} is not what was proved when it was sealed: nothing is archived of it. Restore it from a copy`,
    )
  const content = fileBody(sealedPath(folder, segment), bytes, sha256)
  const sent = await putOnce(target, sealedKey(journal, segment), content, proof)
  const told = await putOnce(target, manifestKey(journal, segment), bytesBody(manifestBytes), 'full')
  return { manifest, put: sent + told }
}

/**
 * Proves that a target has a segment, to the last byte, and that its manifest is there: right before the copy here may go.
 * Throws {@link ArchiveError} otherwise.
 */
export async function proveArchived(target: ArchiveTarget, wanted: Manifest): Promise<void> {
  const { manifest } = await readArchivedManifest(target, wanted.journal, wanted.segment)
  if (manifest.sealed.sha256 !== wanted.sealed.sha256 || manifest.raw.sha256 !== wanted.raw.sha256)
    throw different(`${target.name}/${manifestKey(wanted.journal, wanted.segment)}`)
  await readBack(target, sealedKey(wanted.journal, wanted.segment), wanted.sealed)
}

/** Proves that a target has a segment to the last byte, by its own manifest. Throws {@link ArchiveError} otherwise. */
export async function proveSegment(target: ArchiveTarget, journal: string, segment: number): Promise<void> {
  const { manifest } = await readArchivedManifest(target, journal, segment)
  await readBack(target, sealedKey(journal, segment), manifest.sealed)
}

/** Answers how many bytes were sent. */
async function putOnce(target: ArchiveTarget, key: string, body: ObjectBody, proof: Proof): Promise<number> {
  let before = await target.head(key)
  if (before === undefined) {
    try {
      await target.put(key, body)
    } catch (error) {
      // Somebody else archives the same journal, and was quicker.
      if (!(error instanceof ArchiveError) || error.code !== 'FLOW_ARCHIVE_DIFFERENT') throw error
      before = await target.head(key)
    }
  }
  if (before !== undefined && before.bytes !== body.bytes) throw different(`${target.name}/${key}`)
  const after = before ?? (await target.head(key))
  const isToldRight = after?.sha256 === body.sha256 && after.bytes === body.bytes
  if (proof === 'digest' && isToldRight) return before === undefined ? body.bytes : 0
  try {
    await readBack(target, key, body)
  } catch (error) {
    // What was there before us was never ours to begin with.
    const isOther = before !== undefined && error instanceof ArchiveError && error.code === 'FLOW_ARCHIVE_CORRUPT'
    throw isOther ? different(`${target.name}/${key}`, error) : error
  }
  return before === undefined ? body.bytes : 0
}

const different = (place: string, cause?: unknown): ArchiveError =>
  new ArchiveError(
    'FLOW_ARCHIVE_DIFFERENT',
    `${place} is there and is not this segment: it is never overwritten. Look which of the two is right (\`zstd -t\`, the manifest's sha256), and move the other away by hand`,
    cause,
  )
