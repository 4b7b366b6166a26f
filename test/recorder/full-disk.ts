/** A recorder of the demo capture on a disk that says, when it is told to, that it is full. */
import { type GapBody, RECORD } from '#domain'
import { decodeJson, FileDisk, openCursor } from '#journal'
import { JOURNAL, recordLive } from '../live/live-support.ts'
import { DEMO } from '../support/captures.ts'
import { type Recording, until } from '../support/recording.ts'

export class FullDisk extends FileDisk {
  isFull = false
  override async create(path: string) {
    if (this.isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const file = await super.create(path)
    const write = file.write.bind(file)
    file.write = async (bytes, offset) => {
      if (!this.isFull) return await write(bytes, offset)
      // As a file system does: what fits is there.
      await write(bytes.subarray(0, bytes.length >> 1), offset)
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
    return file
  }
}

export const RESERVE_BYTES = 50e6

export async function onADisk(ratePerSecond = 1000) {
  const disk = new FullDisk()
  const journal = { ...JOURNAL, reserveBytes: RESERVE_BYTES }
  const started = await recordLive(
    { capture: DEMO, ratePerSecond, loop: true, startAfterMarkets: 6 },
    // No audit asks for a book by itself.
    { disk, journal, auditMs: 0 },
  )
  const { recorder, exchange } = started
  await until('all books are valid', () => recorder.fold.markets().filter(({ valid }) => valid).length === 6)
  const allValid = () => recorder.fold.markets().every(({ valid }) => valid)
  return { ...started, recorder, exchange, disk, allValid }
}

/** The GAP records of a journal, and the frames before, between and behind them. */
export async function holesOf(folder: string): Promise<{ gaps: GapBody[]; framesBetween: number[] }> {
  const gaps: GapBody[] = []
  const framesBetween = [0]
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) {
      if (block.type === RECORD.FRAME) framesBetween[framesBetween.length - 1]!++
      if (block.type !== RECORD.GAP) continue
      gaps.push(decodeJson<GapBody>(block.body())!)
      framesBetween.push(0)
    }
  }
  return { gaps, framesBetween }
}

export async function quiet({ exchange, recorder }: Pick<Recording, 'exchange' | 'recorder'>): Promise<void> {
  for (const { id, open } of exchange.sent().connections) if (open) exchange.faults.stall(id)
  await until('all that was sent has come', () => recorder.fold.counts.frames === exchange.sent().total)
  await recorder.journal.flush()
}
