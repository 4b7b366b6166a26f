/**
 * Runs of the recorder as its journal tells them. A run begins a segment of its own with a SESSION record; its last record
 * is another one, unless the process died.
 */
import { type Position, RECORD, type SessionBody } from '#domain'
import { decodeJson, FileDisk, listSegments, openCursor } from '#journal'

export type Run = {
  readonly session: string
  readonly version: string
  readonly startedNs: bigint
  /** The stamp of the run's last record. */
  readonly lastNs: bigint
  readonly firstSegment: number
  readonly lastSegment: number
  /** Absent when the process died, or still runs. */
  readonly stopped?: { readonly reason: string | undefined; readonly counts: Readonly<Record<string, number>> }
}

/** All runs, oldest first. Reads the first block of each segment and the last segment of each run. */
export async function listRuns(folder: string): Promise<Run[]> {
  const segments = await segmentsOf(folder)
  const starts: { segment: number; body: SessionBody; startedNs: bigint }[] = []
  for (const segment of segments) {
    const started = await findStart(folder, segment)
    if (started !== undefined) starts.push({ segment, ...started })
  }
  const runs: Run[] = []
  for (const [index, { segment, body, startedNs }] of starts.entries()) {
    const next = starts[index + 1]?.segment ?? Number.POSITIVE_INFINITY
    const lastSegment = segments.filter((each) => each < next).at(-1) ?? segment
    runs.push({
      session: body.session,
      version: body.version,
      startedNs,
      firstSegment: segment,
      lastSegment,
      ...(await endOfRun(folder, segment, segments, lastSegment, startedNs)),
    })
  }
  return runs
}

/** How a run ended: its last segment that holds anything tells. A crash may leave one that holds nothing. */
async function endOfRun(
  folder: string,
  first: number,
  segments: readonly number[],
  last: number,
  startedNs: bigint,
): Promise<Pick<Run, 'lastNs' | 'stopped'>> {
  for (const segment of segments.filter((each) => each >= first && each <= last).reverse()) {
    const { lastNs, stopped } = await readEnd(folder, segment)
    if (lastNs > 0n) return { lastNs, ...(stopped === undefined ? {} : { stopped }) }
  }
  return { lastNs: startedNs }
}

/** The last run, when it ended without a word: its process died. */
export async function unfinishedRun(folder: string): Promise<{ session: string; lastNs: bigint } | undefined> {
  const segments = await segmentsOf(folder)
  for (const segment of segments.reverse()) {
    const { lastNs, stopped, session } = await readEnd(folder, segment)
    if (lastNs === 0n) continue
    return stopped === undefined ? { session: session ?? '', lastNs } : undefined
  }
  return undefined
}

async function segmentsOf(folder: string): Promise<number[]> {
  try {
    return (await listSegments(new FileDisk(), folder)).map(({ number }) => number)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The first records of a segment, of which SESSION is one when a run begins with it; a clock step may stand before it. */
const FIRST_RECORDS = 3

async function findStart(
  folder: string,
  segment: number,
): Promise<{ body: SessionBody; startedNs: bigint } | undefined> {
  let looked = 0
  for await (const block of openCursor({ disk: new FileDisk(), folder, ...within(segment) })) {
    while (block.next()) {
      if (block.type === RECORD.SESSION) {
        const body = decodeJson<SessionBody>(block.body())
        if (body?.event === 'started') return { body, startedNs: block.stampNs() }
      }
      if (++looked >= FIRST_RECORDS) return undefined
    }
  }
  return undefined
}

async function readEnd(
  folder: string,
  segment: number,
): Promise<Pick<Run, 'lastNs' | 'stopped'> & { session?: string }> {
  let lastNs = 0n
  let last: SessionBody | undefined
  let session: string | undefined
  for await (const block of openCursor({ disk: new FileDisk(), folder, ...within(segment) })) {
    while (block.next()) {
      last = undefined
      if (block.type === RECORD.SESSION) last = decodeJson<SessionBody>(block.body())
      if (block.type === RECORD.SESSION || block.type === RECORD.CONTEXT)
        session = decodeJson<SessionBody>(block.body())?.session
      lastNs = block.stampNs()
    }
  }
  const stopped = last?.event === 'stopped' ? { reason: last.reason, counts: last.counts ?? {} } : undefined
  return { lastNs, ...(stopped === undefined ? {} : { stopped }), ...(session === undefined ? {} : { session }) }
}

const within = (segment: number): { from: Position; until: Position } => ({
  from: { segment, offset: 0 },
  until: { segment: segment + 1, offset: 0 },
})
