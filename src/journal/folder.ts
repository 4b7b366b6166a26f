/**
 * The names in a journal's folder, and nothing about what the files hold.
 *
 *   0000000007.kfj             a segment as written
 *   0000000007.kfj.zst         the same segment sealed …
 *   0000000007.manifest.json   … with its digests and frame index; a sealed segment needs both
 *   archived.json              segments that were removed since an archive has them (archived.ts)
 *   *.part                     left behind by a crash while sealing; never read
 */
import type { Disk } from '#ports'
import { codeOf } from './errors.ts'

const DIGITS = 10
/** Ten digits; one segment a second lasts three centuries. */
export const SEGMENT_NUMBER_MAX = 9_999_999_999
/** The last number behind which a run may begin: it has room for millions of segments. */
export const SEGMENT_NUMBER_LAST_START = SEGMENT_NUMBER_MAX - 10_000_000

const NAME = /^(\d{10})\.(kfj|kfj\.zst|manifest\.json)$/

/** A segment's files. At least one of the flags is set. */
export type SegmentFiles = {
  readonly number: number
  /** `.kfj` is there. It is preferred to the sealed form: sealing removes it only when that form is proved. */
  readonly raw: boolean
  /** Both `.kfj.zst` and the manifest are there. */
  readonly sealed: boolean
}

const digits = (number: number): string => String(number).padStart(DIGITS, '0')
const stem = (folder: string, number: number): string => `${folder}/${digits(number)}`

export const rawPath = (folder: string, number: number): string => `${stem(folder, number)}.kfj`
export const sealedPath = (folder: string, number: number): string => `${stem(folder, number)}.kfj.zst`
export const sealedName = (number: number): string => `${digits(number)}.kfj.zst`
export const manifestName = (number: number): string => `${digits(number)}.manifest.json`
export const manifestPath = (folder: string, number: number): string => `${folder}/${manifestName(number)}`

/** The segments in a folder by rising number; empty when the folder is missing. Other files are passed over. */
export async function listSegmentFiles(disk: Disk, folder: string): Promise<SegmentFiles[]> {
  let names: string[]
  try {
    names = await disk.list(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
  const suffixes = new Map<number, Set<string>>()
  for (const name of names) {
    const match = NAME.exec(name)
    if (match === null) continue
    const number = Number(match[1])
    const known = suffixes.get(number) ?? new Set<string>()
    suffixes.set(number, known.add(match[2]!))
  }
  return [...suffixes]
    .map(([number, has]) => ({
      number,
      raw: has.has('kfj'),
      sealed: has.has('kfj.zst') && has.has('manifest.json'),
    }))
    .filter((segment) => segment.number > 0 && (segment.raw || segment.sealed))
    .sort((a, b) => a.number - b.number)
}
