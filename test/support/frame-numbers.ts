/**
 * Which frames a journal holds, by the numbers that the exchange gave them. Reads records with a cursor and frames with
 * `JSON.parse` alone, so that it knows nothing of what the recorder makes of them.
 */
import { type ConnectionLostBody, type GapBody, RECORD } from '#domain'
import { decodeJson, FileDisk, openCursor } from '#journal'

export type JournaledConnection = {
  /** Of which run of the recorder in this journal, from 0, and its number in that run. */
  readonly run: number
  readonly connection: number
  /** `sending_ts_ms` of its first frame, by which the exchange knows it; `undefined` before one came. */
  firstSentMs: number | undefined
  /** Every number that came, by sid, in the order of coming. */
  readonly numbers: Map<number, number[]>
  /** Numbers skipped, as they were met; a frame that comes late fills its own. */
  readonly holes: Hole[]
  /** Frames of all kinds, and those that were no JSON. */
  frames: number
  spoilt: number
  /** Why it ended; `undefined` when no record says so. */
  lost: ConnectionLostBody | undefined
  /** Unix ns of the record that it opened. */
  readonly openedNs: bigint
  /** Unix ns of its first and its last frame. */
  firstNs: bigint
  lastNs: bigint
}

/** Both numbers included; the stamps are those of the frames on either side. */
export type Hole = {
  readonly sid: number
  readonly fromSeq: number
  readonly toSeq: number
  readonly afterNs: bigint
  readonly beforeNs: bigint
}

export type JournaledFrames = {
  readonly connections: readonly JournaledConnection[]
  readonly gaps: readonly (GapBody & { readonly run: number })[]
  readonly runs: number
}

export async function readFrameNumbers(data: string): Promise<JournaledFrames> {
  const connections: JournaledConnection[] = []
  const gaps: (GapBody & { run: number })[] = []
  let run = -1
  let open = new Map<number, JournaledConnection>()
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${data}/journal` })) {
    while (block.next()) {
      const { type, connection } = block
      if (type === RECORD.SESSION && decodeJson<{ event: string }>(block.body())?.event === 'started') {
        run++
        open = new Map()
      } else if (type === RECORD.GAP) gaps.push({ ...decodeJson<GapBody>(block.body())!, run })
      else if (type === RECORD.CONNECTION_OPENED) {
        const each = aConnection(run, connection, block.stampNs())
        open.set(connection, each)
        connections.push(each)
      } else if (type === RECORD.CONNECTION_LOST) {
        const found = open.get(connection)
        if (found !== undefined) found.lost = decodeJson<ConnectionLostBody>(block.body())!
      } else if (type === RECORD.FRAME) takeFrame(open.get(connection)!, block.body().toString('utf8'), block.stampNs())
    }
  }
  return { connections, gaps, runs: run + 1 }
}

const aConnection = (run: number, connection: number, openedNs: bigint): JournaledConnection => ({
  run,
  connection,
  firstSentMs: undefined,
  numbers: new Map(),
  holes: [],
  frames: 0,
  spoilt: 0,
  lost: undefined,
  openedNs,
  firstNs: 0n,
  lastNs: 0n,
})

function takeFrame(into: JournaledConnection, text: string, unixNs: bigint): void {
  into.frames++
  if (into.firstNs === 0n) into.firstNs = unixNs
  const lastNs = into.lastNs
  into.lastNs = unixNs
  let frame: { sid?: number; seq?: number; sending_ts_ms?: number }
  try {
    frame = JSON.parse(text)
  } catch {
    into.spoilt++
    return
  }
  into.firstSentMs ??= frame.sending_ts_ms
  if (frame.sid === undefined || frame.seq === undefined) return
  const { sid, seq } = frame
  const numbers = into.numbers.get(sid) ?? []
  if (numbers.length === 0) into.numbers.set(sid, numbers)
  const last = numbers.at(-1) ?? 0
  if (seq > last + 1)
    into.holes.push({ sid, fromSeq: last + 1, toSeq: seq - 1, afterNs: lastNs || into.firstNs, beforeNs: unixNs })
  numbers.push(seq)
}
