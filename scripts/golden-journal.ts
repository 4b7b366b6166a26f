/**
 * Makes the golden journal of format version 1: a few KB with every record type, made with a fixed clock and seeded
 * chance, so that the same bytes come out for ever. It was run once; test/golden/journal-v1.test.ts holds the writer and
 * the reader to what is committed. A change of these bytes is a new format version, never a new golden file.
 *
 *   node --conditions=source scripts/golden-journal.ts FOLDER
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContextBody, RECORD } from '#domain'
import {
  encodeCheckpoint,
  encodeJson,
  ManualClock,
  MemoryDisk,
  openCursor,
  openJournal,
  SeededRandom,
  sealSegment,
} from '#journal'
import type { Disk } from '#ports'

const FOLDER = '/golden'
const START_NS = 1_790_000_000_123_456_789n

/** One record as the golden file tells it. */
export type GoldenRecord = {
  readonly position: string
  readonly next: string
  readonly type: number
  readonly connection: number
  readonly stampNs: string
  readonly epoch: number
  readonly body: string
}

/** The files of the golden journal, unsealed, by name. */
export async function makeGoldenJournal(): Promise<MemoryDisk> {
  const disk = new MemoryDisk({ seed: 1 })
  const clock = new ManualClock(START_NS)
  const random = new SeededRandom(2026)
  const options = {
    disk,
    folder: FOLDER,
    environment: 'sim',
    clock,
    random,
    writer: 'kalshiflow/golden',
    commitIntervalMs: 60_000,
  } as const

  const first = await openJournal({
    ...options,
    segmentBytes: 1_500,
    context: () => encodeJson(CONTEXT),
  })
  first.append(RECORD.SESSION, 0, encodeJson({ event: 'started', session: 'golden', version: '1' }))
  first.append(
    RECORD.CONNECTION_OPENED,
    1,
    encodeJson({ host: '127.0.0.1', environment: 'sim', useYesPrice: true, firstSeq: 'one' }),
  )
  first.append(
    RECORD.COMMAND,
    1,
    Buffer.from('{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"],"market_tickers":["KXA"]}}'),
  )
  await first.flush()
  for (let seq = 1; seq <= 12; seq++) {
    clock.advance(1 + random.below(900_000_000))
    first.append(RECORD.FRAME, 1, frame(seq, random))
    if (seq % 3 === 0) await first.flush()
  }
  const checkpoint = {
    market: 'KXA',
    connection: 1,
    sid: 1,
    sidSeq: 12,
    seq: 12,
    exchangeMs: 1_790_000_000_000,
  } as const
  first.append(
    RECORD.CHECKPOINT,
    1,
    encodeCheckpoint({
      ...checkpoint,
      yes: [
        [100, 1],
        [9_999, 2 ** 48 - 1],
      ],
      no: [[1, 24_64]],
    }),
  )
  first.append(RECORD.REST, 0, encodeJson({ method: 'GET', path: '/markets', status: 200, body: 'é', tookMs: 12 }))
  await first.flush()
  clock.advance(2_000_000_000)
  clock.stepWall(-60_000_000_000n)
  first.append(
    RECORD.NOTE,
    0,
    encodeJson({ text: 'the wall clock was set back a minute: CLOCK_STEP stands before this' }),
  )
  await first.flush()
  let syncsLeft = 1
  disk.fault = (operation) => (operation === 'sync' && syncsLeft-- > 0 ? 'EIO' : undefined)
  first.append(RECORD.GAP, 0, encodeJson({ cause: 'disk_full', fromNs: '1', toNs: '2', markets: ['KXA'] }))
  await first.flush()
  disk.fault = () => undefined
  first.append(RECORD.VALIDITY, 0, encodeJson({ action: 'doubt', markets: ['KXA'], cause: 'admin' }))
  first.append(RECORD.CONNECTION_LOST, 1, encodeJson({ cause: 'stopped', lastProofNs: '1', lastProofKind: 'frame' }))
  await first.close()

  const second = await openJournal({ ...options, aboveSegment: 6 })
  second.append(RECORD.FRAME, 2, Buffer.alloc(0))
  second.append(RECORD.FRAME, 4_294_967_295, Buffer.from([0, 1, 254, 255]))
  await second.close()
  return disk
}

/** With every field that a context has. */
const CONTEXT: ContextBody = {
  session: 'golden',
  connections: [
    {
      connection: 1,
      host: '127.0.0.1',
      environment: 'sim',
      useYesPrice: true,
      firstSeq: 'one',
      orientation: {
        verdict: 'as_asked',
        sample: [{ market: 'KXA', crossed: false }],
        fits: { asRead: 1, flipped: 0 },
      },
      asked: {
        awaiting: ['KXB'],
        held: ['KXA'],
        leaving: ['KXC'],
        again: ['KXD'],
        deletes: [{ id: 7, markets: ['KXC', 'KXD'] }],
      },
      sids: [
        { sid: 1, channel: 'orderbook_delta', lastSeq: 12, exchangeMs: 1_790_000_000_000, lastMs: 1_790_000_000_000.5 },
      ],
    },
  ],
}

/** Every record of a journal, as the golden file tells it. */
export async function tellRecords(disk: Disk, folder: string): Promise<GoldenRecord[]> {
  const told: GoldenRecord[] = []
  for await (const { position, next, type, connection, stampNs, epoch, body } of openCursor({
    disk,
    folder,
  }).records()) {
    told.push({
      position: `${position.segment}:${position.offset}`,
      next: `${next.segment}:${next.offset}`,
      type,
      connection,
      stampNs: String(stampNs),
      epoch,
      body: Buffer.from(body).toString('latin1'),
    })
  }
  return told
}

function frame(seq: number, random: SeededRandom): Buffer {
  const price = (random.below(99) + 1) / 100
  const change = random.below(20_000) - 10_000
  return Buffer.from(
    `{"type":"orderbook_delta","sid":1,"seq":${seq},"msg":{"market_ticker":"KXA","price_dollars":"${price.toFixed(4)}","delta_fp":"${(change / 100).toFixed(2)}","side":"yes"}}\n`,
  )
}

if (import.meta.main) {
  const target = process.argv[2]
  if (target === undefined) throw new Error('needs a folder to write to')
  const disk = await makeGoldenJournal()
  writeFolder(disk, await disk.list(FOLDER), join(target, 'unsealed'))
  writeFileSync(join(target, 'records.json'), `${JSON.stringify(await tellRecords(disk, FOLDER), null, 1)}\n`)
  for (const number of [1, 2]) await sealSegment({ disk, folder: FOLDER }, number)
  writeFolder(disk, await disk.list(FOLDER), join(target, 'sealed'))
}

function writeFolder(disk: MemoryDisk, names: readonly string[], target: string): void {
  mkdirSync(target, { recursive: true })
  for (const name of names) writeFileSync(join(target, name), disk.peek(`${FOLDER}/${name}`)!)
}
