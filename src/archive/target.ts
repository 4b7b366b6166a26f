/**
 * Where copies of segments are kept: named objects that are put once and never changed. A folder and an S3-compatible store
 * are the adapters; both keep the contract of test/contracts/archive-target.ts.
 *
 *   <journal UUID>/0000000007.kfj.zst         a sealed segment …
 *   <journal UUID>/0000000007.manifest.json   … and, put behind it, its manifest: only then it counts as archived
 *
 * The manifests of a journal are its catalogue: each says which segment it is, of what digest, and which it follows.
 */
import type { Readable } from 'node:stream'

/** Bytes to be put, with what they must be: read anew for each try. */
export type ObjectBody = {
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  open(): Readable
}

export type ObjectHead = {
  readonly bytes: number
  /** Hex, as the target itself computed it when the object was put; `undefined` where it does not say. */
  readonly sha256: string | undefined
}

export interface ArchiveTarget {
  /** As told to people: a folder, or s3://bucket/prefix. Without secrets. */
  readonly name: string
  /** `undefined` when there is no such object. */
  head(key: string): Promise<ObjectHead | undefined>
  /** Puts an object that is not there; durable when it resolves. FLOW_ARCHIVE_DIFFERENT when one came meanwhile. */
  put(key: string, body: ObjectBody): Promise<void>
  /** Its bytes; rejects with FLOW_ARCHIVE_MISSING when there is none. */
  read(key: string): AsyncIterable<Uint8Array>
  /** Keys that begin with `prefix`, in order. */
  list(prefix: string): Promise<string[]>
  close(): void
}
