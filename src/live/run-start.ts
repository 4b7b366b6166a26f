/**
 * The beginning of the run that a copy was begun in the middle of: when it started, and what REST said of the markets
 * before the first connection was opened. Found by looking at the first records of each segment, newest first.
 */
import { RECORD, type RestBody, type SessionBody } from '#domain'
import { decodeJson, openCursor } from '#journal'
import type { Disk } from '#ports'
import { receivedMs } from './fold-record.ts'

export type RunStart = { readonly body: SessionBody; readonly startedMs: number; readonly rest: readonly RestBody[] }

/** The first records of a segment, of which SESSION is one when a run begins with it; a clock step may stand before it. */
const FIRST_RECORDS = 3
/** REST bodies of a start: the pages of a whole exchange are about a hundred. */
const BODIES_MAX = 200

/** `undefined` when no segment among `segments` begins a run. */
export async function findRunStart(
  place: { readonly disk: Disk; readonly folder: string },
  segments: readonly number[],
  signal: AbortSignal,
): Promise<RunStart | undefined> {
  for (const segment of segments.toReversed()) {
    const found = await readStart(place, segment, signal)
    if (found !== undefined || signal.aborted) return found
  }
  return undefined
}

async function readStart(
  place: { readonly disk: Disk; readonly folder: string },
  segment: number,
  signal: AbortSignal,
): Promise<RunStart | undefined> {
  const bounds = { from: { segment, offset: 0 }, until: { segment: segment + 1, offset: 0 } }
  const rest: RestBody[] = []
  let start: { body: SessionBody; startedMs: number } | undefined
  let looked = 0
  for await (const block of openCursor({ ...place, ...bounds, signal })) {
    while (block.next()) {
      if (block.type === RECORD.SESSION && start === undefined) {
        const body = decodeJson<SessionBody>(block.body())
        if (body?.event === 'started') start = { body, startedMs: receivedMs(block) }
      }
      if (start === undefined && ++looked >= FIRST_RECORDS) return undefined
      if (block.type === RECORD.REST && rest.length < BODIES_MAX) {
        const body = decodeJson<RestBody>(block.body())
        if (body !== undefined) rest.push(body)
      }
      if (block.type === RECORD.CONNECTION_OPENED && start !== undefined) return { ...start, rest }
    }
  }
  return start === undefined ? undefined : { ...start, rest }
}
