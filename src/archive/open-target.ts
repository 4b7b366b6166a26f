/** The target that a person names: a folder, or s3://bucket/prefix. Nothing is asked of it yet. */
import { resolve } from 'node:path'
import { ArchiveError } from './errors.ts'
import { FolderTarget } from './folder-target.ts'
import { openS3Target, type S3Place } from './s3-target.ts'
import type { ArchiveTarget } from './target.ts'

export type TargetName = {
  /** A folder's path, or s3://bucket/prefix. */
  readonly to: string
  /** Of an S3-compatible store that is not Amazon's. */
  readonly endpoint?: string | undefined
}

/** Throws FLOW_ARCHIVE_TARGET for a name that is none. */
export async function openTarget(name: TargetName): Promise<ArchiveTarget> {
  const place = readTargetName(name)
  return typeof place === 'string' ? new FolderTarget(place) : openS3Target(place)
}

/** The folder's absolute path, or the place in a store. Throws FLOW_ARCHIVE_TARGET. */
export function readTargetName({ to, endpoint }: TargetName): string | S3Place {
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint))
    throw targetError(`'${endpoint}' is no endpoint: an address with http:// or https:// is needed`)
  if (endpoint !== undefined && (new URL(endpoint).username !== '' || new URL(endpoint).password !== ''))
    throw targetError(
      'the endpoint has a name or a password in it, which would be shown: AWS_ACCESS_KEY_ID and its like',
    )
  if (!to.includes('://')) {
    if (to.trim() === '') throw targetError('the archive has no name')
    return resolve(to)
  }
  const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,62})(?:\/(.*))?$/i.exec(to) ?? []
  if (bucket === undefined) throw targetError(`'${to}' is no archive`)
  const prefix = path.replace(/^\/+|\/+$/g, '')
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/`, endpoint }
}

const targetError = (found: string): ArchiveError =>
  new ArchiveError('FLOW_ARCHIVE_TARGET', `${found}: name a folder that is there, or s3://bucket/prefix`)
