/**
 * Makes a golden data folder: a journal as a recorder of this version leaves it after a good run and a second one that died,
 * with sealed segments, raw ones and a torn end, and what is in it. Run once when a version of the journal's format is
 * released, and committed; test/golden/data-folders.test.ts opens it with every program after.
 *
 *   node --conditions=source scripts/golden-data.ts test/golden/data-v1
 */
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBooks } from '#app'
import { FileDisk, listSegments, openCursor, sealSegment } from '#journal'
import { DEMO } from '../test/support/captures.ts'
import { digestsOf } from '../test/support/fold.ts'
import { aFolder, record, until } from '../test/support/recording.ts'

const SEGMENT_BYTES = 60_000
/** Raw segments that stay, besides the torn one. */
const KEPT_RAW = 1

export type GoldenData = {
  readonly segments: number
  /** Number of records by type. */
  readonly types: Readonly<Record<string, number>>
  /** Books as the journal leads to them: a run that died proves none any more. */
  readonly books: Readonly<Record<string, { readonly valid: boolean; readonly seq: number; readonly sha256: string }>>
}

/** What is in a journal, for comparing. */
export async function tellJournal(journal: string): Promise<GoldenData> {
  const types: Record<string, number> = {}
  for await (const { type } of openCursor({ disk: new FileDisk(), folder: journal }).records())
    types[type] = (types[type] ?? 0) + 1
  const { fold } = await readBooks({ folder: journal })
  const segments = await listSegments(new FileDisk(), journal)
  return { segments: segments.length, types, books: digestsOf(fold) }
}

async function makeGoldenData(target: string): Promise<void> {
  const folder = aFolder()
  const settings = {
    folder: folder.path,
    journal: {
      commitIntervalMs: 5,
      bufferBytes: 64 << 20,
      segmentBytes: SEGMENT_BYTES,
      segmentMs: 3_600_000,
      seal: false,
      checkpointDeltas: 40,
      checkpointMs: 3_600_000,
    },
  }
  const good = await record({ capture: DEMO, ratePerSecond: 300 }, settings)
  await until('frames came', () => good.recorder.fold.counts.frames > 350)
  good.exchange.faults.cut(good.exchange.sent().connections.at(-1)!.id, 'terminate')
  await until(
    'it is whole again',
    () => good.recorder.connectionsLost === 1 && good.recorder.fold.markets().every(({ valid }) => valid),
  )
  await until('more came', () => good.recorder.fold.counts.frames > 700)
  await good.recorder.stop('golden')
  await good.exchange.close()

  const dying = await record({ capture: DEMO, ratePerSecond: 300 }, settings)
  await until('frames came', () => dying.recorder.fold.counts.frames > 150)
  await dying.recorder.journal.flush()
  const journal = join(target, 'journal')
  mkdirSync(target, { recursive: true })
  cpSync(join(folder.path, 'journal'), journal, { recursive: true })
  await dying.close()
  folder.remove()

  const disk = new FileDisk()
  const segments = (await listSegments(disk, journal)).map(({ number }) => number)
  for (const number of segments.slice(0, -1 - KEPT_RAW)) await sealSegment({ disk, folder: journal }, number)
  // The beginning of a block whose end never came to the disk.
  const torn = Buffer.alloc(100)
  torn.write('KFB1')
  appendFileSync(join(journal, `${String(segments.at(-1)).padStart(10, '0')}.kfj`), torn)
  writeFileSync(join(target, 'expected.json'), `${JSON.stringify(await tellJournal(journal), null, 1)}\n`)
}

if (import.meta.main) {
  const target = process.argv[2]
  if (target === undefined) throw new Error('needs a folder to write to')
  await makeGoldenData(target)
  process.exit(0)
}
