/**
 * The file being written: one segment at a time, one block at a time, each durable before the next begins.
 * It knows where the segment's proven bytes end. It does not retry and does not decide: a failure is thrown with the
 * stage it happened in, and the journal chooses what to do.
 */
import type { Environment } from '#domain'
import type { Clock, Disk, DiskFile, Random } from '#ports'
import type { PendingBlock } from './append-buffer.ts'
import { finishBlock, type SegmentKey, segmentKey } from './block.ts'
import { codeOf } from './errors.ts'
import { rawPath } from './folder.ts'
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES } from './segment-header.ts'

export type Stage = 'create' | 'write' | 'sync'

export class StageFailure extends Error {
  readonly stage: Stage
  readonly code: string

  constructor(stage: Stage, cause: unknown) {
    super(`${stage} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.stage = stage
    this.code = codeOf(cause)
  }
}

export type SegmentIdentity = {
  readonly folder: string
  readonly journal: string
  readonly environment: Environment
  readonly writer: string
}

/** The segment before the one that is made next. */
export type Predecessor = { readonly id: string | undefined; readonly length: number }

export class SegmentWriter {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #random: Random
  readonly #identity: SegmentIdentity
  #file: DiskFile | undefined
  #number = 0
  #id: string | undefined
  #key: SegmentKey = { low: 0, high: 0 }
  /** Bytes of this segment that are durable. */
  #length = 0
  #predecessor: Predecessor

  constructor(disk: Disk, clock: Clock, random: Random, identity: SegmentIdentity, predecessor: Predecessor) {
    this.#disk = disk
    this.#clock = clock
    this.#random = random
    this.#identity = identity
    this.#predecessor = predecessor
  }

  /** The segment being written; 0 when none is. */
  get number(): number {
    return this.#file === undefined ? 0 : this.#number
  }

  get length(): number {
    return this.#length
  }

  /** Makes the segment file, with its header and name durable. Closes the segment before. */
  async begin(number: number, startNs: bigint, epoch: number): Promise<void> {
    await this.#leave()
    const id = Buffer.from(this.#random.bytes(16)).toString('hex')
    const path = rawPath(this.#identity.folder, number)
    let file: DiskFile
    try {
      file = await this.#disk.create(path)
    } catch (error) {
      throw new StageFailure('create', error)
    }
    try {
      const header = encodeSegmentHeader({
        environment: this.#identity.environment,
        journal: this.#identity.journal,
        segment: number,
        id,
        previousId: this.#predecessor.id,
        previousLength: this.#predecessor.length,
        startNs,
        epoch,
        createdNs: this.#clock.wallNs(),
        writer: this.#identity.writer,
      })
      await file.write(header, 0)
      await file.sync()
      await this.#disk.syncFolder(this.#identity.folder)
    } catch (error) {
      await file.close().catch(() => {})
      await this.#disk.remove(path).catch(() => {})
      throw new StageFailure('create', error)
    }
    this.#file = file
    this.#number = number
    this.#id = id
    this.#key = segmentKey(id)
    this.#length = SEGMENT_HEADER_BYTES
  }

  /** Writes a block and makes it durable. It may be called again for the same block after a failed write. */
  async write(block: PendingBlock): Promise<void> {
    const file = this.#file
    if (file === undefined || block.segment !== this.#number || block.offset !== this.#length) {
      throw new Error(`block of ${block.segment}:${block.offset} offered to ${this.#number}:${this.#length}`)
    }
    const { bytes, length, count, offset, baseNs, epoch } = block
    finishBlock(bytes, length, { count, key: this.#key, offset, baseNs, epoch })
    try {
      await file.write(bytes.subarray(0, length), offset)
    } catch (error) {
      throw new StageFailure('write', error)
    }
    try {
      await file.sync()
    } catch (error) {
      throw new StageFailure('sync', error)
    }
    this.#length = offset + length
  }

  /**
   * Gives the segment up where its durable bytes end, and returns the number that the next one may have: its own again
   * when it holds nothing and could be removed, so that a sick disk does not fill the folder with empty files.
   */
  async abandon(): Promise<number> {
    const empty = this.#length === SEGMENT_HEADER_BYTES
    const number = this.#number
    const predecessor = this.#predecessor
    await this.#leave()
    if (!empty) return number + 1
    try {
      await this.#disk.remove(rawPath(this.#identity.folder, number))
    } catch {
      return number + 1
    }
    this.#predecessor = predecessor
    return number
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #leave(): Promise<void> {
    if (this.#file === undefined) return
    this.#predecessor = { id: this.#id, length: this.#length }
    // Its durable bytes are durable; an error on closing says nothing about them.
    await this.close().catch(() => {})
  }
}
