/** What both ends of an archive need: keys of a journal's objects, digests of files and of what a target gives back. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { decodeManifest, type Manifest, manifestName, sealedName } from '#journal'
import { ArchiveError } from './errors.ts'
import type { ArchiveTarget, ObjectBody } from './target.ts'

/** A manifest is some tens of KB: more is none of ours. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024

export const sealedKey = (journal: string, segment: number): string => `${journal}/${sealedName(segment)}`
export const manifestKey = (journal: string, segment: number): string => `${journal}/${manifestName(segment)}`

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MANIFEST_KEY = /^([0-9a-f-]{36})\/(\d{10})\.manifest\.json$/

/** The journals in a target, and the segments archived of each, by rising number. One listing. */
export async function listArchive(target: ArchiveTarget, journal?: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>()
  for (const key of await target.list(journal === undefined ? '' : `${journal}/`)) {
    const [, id, number] = MANIFEST_KEY.exec(key) ?? []
    if (id === undefined || !UUID.test(id)) continue
    found.set(id, [...(found.get(id) ?? []), Number(number)])
  }
  return found
}

export const fileBody = (path: string, bytes: number, sha256: string): ObjectBody => ({
  bytes,
  sha256,
  open: () => createReadStream(path),
})

export const bytesBody = (bytes: Uint8Array): ObjectBody => ({
  bytes: bytes.length,
  sha256: digestOfBytes(bytes),
  open: () => Readable.from([bytes]),
})

export const digestOfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export type Digest = { readonly bytes: number; readonly sha256: string }

/** Digest of a stream of bytes; each chunk is handed to `onChunk` before the next is asked for. */
export async function digestOf(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => Promise<void> | undefined = () => undefined,
): Promise<Digest> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of chunks) {
    hash.update(chunk)
    bytes += chunk.length
    await onChunk(chunk)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** An archived segment's manifest. Throws FLOW_ARCHIVE_MISSING, or FLOW_ARCHIVE_CORRUPT when it is none. */
export async function readArchivedManifest(
  target: ArchiveTarget,
  journal: string,
  segment: number,
): Promise<{ readonly manifest: Manifest; readonly bytes: Uint8Array }> {
  const key = manifestKey(journal, segment)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of target.read(key)) {
    length += chunk.length
    if (length > MANIFEST_BYTES_MAX) break
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const manifest = decodeManifest(bytes)
  if (manifest?.segment === segment && manifest.journal === journal) return { manifest, bytes }
  throw new ArchiveError(
    'FLOW_ARCHIVE_CORRUPT',
    `${target.name}/${key} is no manifest of that segment: put the archive's own copy back, or archive elsewhere`,
  )
}

/** Reads the whole object back. Throws FLOW_ARCHIVE_CORRUPT unless it is the very bytes, FLOW_ARCHIVE_MISSING without one. */
export async function readBack(target: ArchiveTarget, key: string, wanted: Digest): Promise<void> {
  const found = await digestOf(target.read(key))
  if (found.sha256 === wanted.sha256 && found.bytes === wanted.bytes) return
  throw new ArchiveError(
    'FLOW_ARCHIVE_CORRUPT',
    `${target.name}/${key} has ${found.bytes} bytes with sha256 ${found.sha256.slice(0, 16)}…, and ${wanted.bytes} with ${wanted.sha256.slice(0, 16)}… were put there: it is no copy. Nothing was removed here`,
  )
}
