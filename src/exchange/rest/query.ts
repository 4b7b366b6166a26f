/** Reads the parameters of a query, and cuts a list into pages. A value that is wrong is a {@link BadQuery}. */

/** Becomes 400; its message names the parameter. */
export class BadQuery extends Error {
  override readonly name = 'BadQuery'
}

/** A whole number from `min` to `max`; `fallback` when the parameter is absent or empty. */
export function countOf(query: URLSearchParams, name: string, fallback: number, min: number, max: number): number {
  const text = query.get(name) ?? ''
  if (text === '') return fallback
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (count >= min && count <= max) return count
  throw new BadQuery(`${name} must be ${min} to ${max}`)
}

export const textOf = (query: URLSearchParams, name: string): string => query.get(name) ?? ''

/** A comma list; empty when absent. */
export const listOf = (query: URLSearchParams, name: string): ReadonlySet<string> =>
  new Set(
    textOf(query, name)
      .split(',')
      .filter((each) => each !== ''),
  )

export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = textOf(query, name)
  if (text === '' || text === 'false') return false
  if (text === 'true') return true
  throw new BadQuery(`${name} must be true or false`)
}

/** Unix seconds as ms; `undefined` when absent. */
export function secondsOf(query: URLSearchParams, name: string): number | undefined {
  const text = textOf(query, name)
  if (text === '') return undefined
  if (!/^-?\d{1,12}$/.test(text)) throw new BadQuery(`${name} must be Unix seconds`)
  return Number(text) * 1000
}

export type Page<Entry> = { readonly entries: readonly Entry[]; readonly cursor: string }

export type PageOptions = {
  readonly limit: number
  /** As the client sent it; empty for the first page. */
  readonly cursor: string
  /** Whether ordinals fall along the list. */
  readonly descending?: boolean
}

/** The next `limit` entries that fit, and the cursor of the page after them: empty when there is none. */
export function cutPage<Entry extends { readonly ordinal: number }>(
  all: Iterable<Entry>,
  fits: (entry: Entry) => boolean,
  { limit, cursor, descending = false }: PageOptions,
): Page<Entry> {
  const from = readCursor(cursor)
  const entries: Entry[] = []
  for (const entry of all) {
    if (from !== undefined && (descending ? entry.ordinal >= from : entry.ordinal <= from)) continue
    if (!fits(entry)) continue
    if (entries.length === limit) return { entries, cursor: writeCursor((entries.at(-1) as Entry).ordinal) }
    entries.push(entry)
  }
  return { entries, cursor: '' }
}

const writeCursor = (ordinal: number): string => Buffer.from(`after:${ordinal}`).toString('base64url')

function readCursor(text: string): number | undefined {
  if (text === '') return undefined
  const match = /^after:(\d{1,15})$/.exec(Buffer.from(text, 'base64url').toString())
  if (match === null) throw new BadQuery('invalid cursor')
  return Number(match[1])
}
