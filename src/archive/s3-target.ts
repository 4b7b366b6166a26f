/**
 * An archive in an S3-compatible store: one object a file, put with its sha256, which the store checks and keeps. An
 * endpoint that is not Amazon's own is addressed by path, as most of them want it.
 *
 * The library is loaded only here, and only when it is used. Credentials and region come from the usual AWS_* environment
 * (or the library's other usual places); none is ever told.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import { ArchiveError } from './errors.ts'
import type { ArchiveTarget, ObjectBody, ObjectHead } from './target.ts'

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} }

type Library = typeof import('@aws-sdk/client-s3')

/** Neither side sends anything: the store does not answer. A slow line never counts, however long a segment takes. */
const SILENCE_MS_MAX = 30_000
const CONNECT_MS_MAX = 10_000
/** Tries of the library itself; the archiver has its own waits. */
const TRIES_MAX = 3
/** Where nobody names a region: what S3-compatible stores take. */
const REGION = 'us-east-1'

export type S3Place = { readonly bucket: string; readonly prefix: string; readonly endpoint: string | undefined }

export async function openS3Target(
  { bucket, prefix, endpoint }: S3Place,
  silenceMs = SILENCE_MS_MAX,
): Promise<ArchiveTarget> {
  const library = await import('@aws-sdk/client-s3')
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env
  const isElsewhere = endpoint !== undefined && !new URL(endpoint).hostname.endsWith('.amazonaws.com')
  const client = new library.S3Client({
    maxAttempts: TRIES_MAX,
    region: AWS_REGION ?? AWS_DEFAULT_REGION ?? REGION,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // What fails is thrown; the library is not to write to the terminal.
    logger: SILENT,
    requestHandler: { socketTimeout: silenceMs, connectionTimeout: CONNECT_MS_MAX },
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: isElsewhere }),
  })
  return new S3Target(library, client, bucket, prefix)
}

class S3Target implements ArchiveTarget {
  readonly name: string
  readonly #library: Library
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor(library: Library, client: S3Client, bucket: string, prefix: string) {
    this.name = `s3://${bucket}${prefix === '' ? '' : `/${prefix.replace(/\/$/, '')}`}`
    this.#library = library
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    const { HeadObjectCommand } = this.#library
    try {
      const place = { Bucket: this.#bucket, Key: this.#prefix + key }
      const found = await this.#client.send(new HeadObjectCommand({ ...place, ChecksumMode: 'ENABLED' }))
      return { bytes: found.ContentLength ?? -1, sha256: hexOf(found.ChecksumSHA256) }
    } catch (error) {
      // A missing object and a missing bucket look the same to HEAD: putting tells them apart.
      if (statusOf(error) === 404) return undefined
      throw this.#unreachable(error)
    }
  }

  async put(key: string, { bytes, sha256, open }: ObjectBody): Promise<void> {
    const { PutObjectCommand } = this.#library
    const body = open()
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#prefix + key,
          Body: body,
          ContentLength: bytes,
          ChecksumAlgorithm: 'SHA256',
          ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
          IfNoneMatch: '*',
        }),
      )
    } catch (error) {
      if (statusOf(error) === 412)
        throw new ArchiveError('FLOW_ARCHIVE_DIFFERENT', `${this.name}/${key} came to be there meanwhile`, error)
      throw this.#unreachable(error)
    } finally {
      body.destroy()
    }
  }

  async *read(key: string): AsyncIterable<Uint8Array> {
    const { GetObjectCommand } = this.#library
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }))
      if (Body !== undefined) yield* Body as unknown as AsyncIterable<Uint8Array>
    } catch (error) {
      if (statusOf(error) !== 404) throw this.#unreachable(error)
      throw new ArchiveError('FLOW_ARCHIVE_MISSING', `${this.name}/${key} is not there`, error)
    }
  }

  async list(prefix: string): Promise<string[]> {
    const { paginateListObjectsV2 } = this.#library
    const keys: string[] = []
    try {
      const pages = paginateListObjectsV2(
        { client: this.#client },
        { Bucket: this.#bucket, Prefix: this.#prefix + prefix },
      )
      for await (const { Contents = [] } of pages) {
        for (const { Key } of Contents) if (Key !== undefined) keys.push(Key.slice(this.#prefix.length))
      }
    } catch (error) {
      throw this.#unreachable(error)
    }
    return keys.sort()
  }

  close(): void {
    this.#client.destroy()
  }

  #unreachable(error: unknown): ArchiveError {
    if (error instanceof ArchiveError) return error
    const { name = 'UNKNOWN', message = '' } = error as Error
    const code = statusOf(error)
    const why =
      name === 'TimeoutError'
        ? 'it does not answer'
        : `${name}${code === undefined ? '' : ` ${code}`}${message === '' || message === name ? '' : `: ${message}`}`
    return new ArchiveError(
      'FLOW_ARCHIVE_UNREACHABLE',
      `the archive ${this.name} cannot be used (${why}): check the endpoint, the bucket, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may list, read and put`,
      error,
    )
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode

const hexOf = (base64: string | undefined): string | undefined =>
  base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex')
