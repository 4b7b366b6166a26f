/**
 * What stands beside a sealed segment: its header in words, its digests, what it holds, and where each zstd frame begins,
 * so that a reader starts in the middle. JSON, since people read it too. docs/journal.md lists the fields.
 */
import { ENVIRONMENTS, type Environment } from '#domain'

export const MANIFEST_FORMAT = 'kalshiflow-sealed-segment-1'

export type Manifest = {
  readonly format: typeof MANIFEST_FORMAT
  readonly journal: string
  readonly environment: Environment
  readonly segment: number
  /** `null` when the segment's header was damaged before it was sealed. */
  readonly id: string | null
  readonly previousId: string | null
  readonly previousLength: number
  readonly raw: { readonly bytes: number; readonly sha256: string }
  readonly sealed: { readonly bytes: number; readonly sha256: string; readonly level: number }
  readonly blocks: number
  readonly records: number
  /** Number of records by type. */
  readonly types: Readonly<Record<string, number>>
  /** Receive stamps, Unix ns as text; `null` without records. */
  readonly first: { readonly ns: string; readonly epoch: number } | null
  readonly last: { readonly ns: string; readonly epoch: number } | null
  /** Damaged byte ranges that were there already when it was sealed: kept as they were. */
  readonly damage: readonly (readonly [from: number, to: number])[]
  /** Each zstd frame: where its bytes stand in the segment, and where in the sealed file. */
  readonly frames: readonly Frame[]
}

export type Frame = readonly [rawOffset: number, rawBytes: number, sealedOffset: number, sealedBytes: number]

/** No frame is larger: one block of the largest record, and the frame's own share. A bigger claim is no manifest of ours. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024

export const encodeManifest = (manifest: Manifest): Uint8Array =>
  Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`, 'utf8')

/** The manifest; `undefined` when the bytes are none of ours, or its frames do not tile both files. Never throws. */
export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  let manifest: Manifest
  try {
    manifest = JSON.parse(Buffer.from(bytes).toString('utf8')) as Manifest
    if (manifest.format !== MANIFEST_FORMAT || !ENVIRONMENTS.includes(manifest.environment)) return undefined
    if (!Number.isSafeInteger(manifest.segment) || typeof manifest.journal !== 'string') return undefined
    if (typeof manifest.raw.sha256 !== 'string' || typeof manifest.sealed.sha256 !== 'string') return undefined
    return framesTile(manifest) ? manifest : undefined
  } catch {
    return undefined
  }
}

function framesTile({ frames, raw, sealed }: Manifest): boolean {
  let rawEnd = 0
  let sealedEnd = 0
  for (const [rawOffset, rawBytes, sealedOffset, sealedBytes] of frames) {
    if (rawOffset !== rawEnd || sealedOffset !== sealedEnd) return false
    if (!isCount(rawBytes) || !isCount(sealedBytes) || rawBytes > FRAME_BYTES_MAX || sealedBytes > FRAME_BYTES_MAX)
      return false
    rawEnd += rawBytes
    sealedEnd += sealedBytes
  }
  return rawEnd === raw.bytes && sealedEnd === sealed.bytes
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
