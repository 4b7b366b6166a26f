/** What one segment tells a copy that begins there. */
import { expect, test } from 'vitest'
import { Checkpointer, Tape } from '#app'
import { RECORD } from '#domain'
import { describeContext, Fold } from '#feed'
import { encodeJson, MemoryDisk, openCursor, openJournal } from '#journal'
import { aDelta, anOk, aSnapshot, aSubscribed } from '../../test/support/frames.ts'
import { followRecorder } from './control/index.ts'
import { LiveFold } from './live-fold.ts'
import { Replica } from './replica.ts'

const OPENED = { host: 'test', environment: 'sim', useYesPrice: false, firstSeq: 'one' } as const
const SIDES = { yes: [['0.4000', '5.00']], no: [['0.5500', '3.00']] } as const
const ASKED = ['BUSY', 'QUIET', 'UNKNOWN', 'DOUBTFUL']
const SUBSCRIBE = { id: 1, cmd: 'subscribe', params: { channels: ['orderbook_delta'], market_tickers: ASKED } }

/** Three segments of a run in which one market moves, and what the last of them tells. */
async function recorded(withCheckpoints: boolean) {
  const disk = new MemoryDisk()
  const fold = new Fold()
  const journal = await openJournal({
    disk,
    folder: 'j',
    environment: 'sim',
    segmentBytes: 20_000,
    context: () => encodeJson(describeContext(fold, 'session')),
  })
  const tape = new Tape(journal, fold)
  const checkpointer = new Checkpointer(fold, tape, { checkpointMs: 3_600_000 }, () => journal.head.segment)
  tape.record(RECORD.SESSION, 0, encodeJson({ event: 'started', session: 'session', version: '1' }))
  const connection = tape.opened(OPENED)
  const play = (text: string) => tape.frame(connection, Buffer.from(text))
  tape.sent(connection, JSON.stringify(SUBSCRIBE))
  play(aSubscribed())
  for (const [index, market] of ['BUSY', 'QUIET', 'DOUBTFUL'].entries()) play(aSnapshot(index + 1, market, SIDES))
  play(aSnapshot(4, 'UNKNOWN', { marketId: '' }))
  play(aDelta(5, 'DOUBTFUL', '0.4000', '-6.00'))
  for (let seq = 6; journal.head.segment < 3; seq++) {
    play(seq % 2 === 0 ? anOk(seq) : aDelta(seq, 'BUSY', '0.4000', '1.00', { ms: seq }))
    if (seq % 20 !== 0) continue
    await journal.flush()
    if (withCheckpoints) checkpointer.tick()
  }
  if (withCheckpoints) checkpointer.tick()
  await journal.close()
  const live = new LiveFold(new Set())
  for await (const block of openCursor({ disk, folder: 'j', from: { segment: 3, offset: 0 } })) live.take(block)
  return { disk, fold, live, written: checkpointer.written }
}

test('a segment alone tells of markets that were quiet, unknown and in doubt, each once', async () => {
  const { fold, live, written } = await recorded(true)
  expect(live.sawRunStart).toBe(false)
  expect(live.isWhole).toBe(true)
  for (const ticker of ASKED) {
    const [found, right] = [live.fold.market(ticker)!, fold.market(ticker)!]
    expect([ticker, found.valid, found.doubt]).toEqual([ticker, right.valid, right.doubt])
    if (right.valid) expect(found.book.levels()).toEqual(right.book.levels())
  }
  expect(live.fold.market('UNKNOWN')!.doubt).toBe('unknown_market')
  expect(live.fold.market('DOUBTFUL')!.doubt).toBe('negative_size')
  // Two valid books, in two segments after the one that has their snapshots.
  expect(written).toBe(4)
})

test('a segment without books says so, and a copy goes back to where they are', async () => {
  const { disk, fold, live } = await recorded(false)
  expect(live.isWhole).toBe(false)
  const replica = await Replica.open({ folder: 'j', disk, recorder: followRecorder('no-such-folder') })
  try {
    await expect.poll(() => replica.state).toBe('finished')
    for (const ticker of ['BUSY', 'QUIET']) {
      expect(replica.fold.market(ticker)!.book.levels()).toEqual(fold.market(ticker)!.book.levels())
    }
  } finally {
    await replica.close()
  }
})

test('a segment that took over from one given up on a failing disk is no beginning', async () => {
  const disk = new MemoryDisk()
  const fold = new Fold()
  const journal = await openJournal({
    disk,
    folder: 'j',
    environment: 'sim',
    context: () => encodeJson(describeContext(fold, 'session')),
  })
  const tape = new Tape(journal, fold)
  tape.record(RECORD.SESSION, 0, encodeJson({ event: 'started', session: 'session', version: '1' }))
  await journal.flush()
  let left = 1
  disk.fault = (operation) => (operation === 'sync' && left-- > 0 ? 'EIO' : undefined)
  const connection = tape.opened(OPENED)
  tape.sent(connection, JSON.stringify({ ...SUBSCRIBE, params: { ...SUBSCRIBE.params, market_tickers: ['BUSY'] } }))
  tape.frame(connection, Buffer.from(aSubscribed()))
  tape.frame(connection, Buffer.from(aSnapshot(1, 'BUSY', SIDES)))
  await journal.flush()
  expect(journal.durable.segment).toBe(2)
  const live = new LiveFold(new Set())
  for await (const block of openCursor({ disk, folder: 'j', from: { segment: 2, offset: 0 } })) live.take(block)
  expect([live.fold.market('BUSY')!.proven, live.isWhole]).toEqual([true, false])
  await journal.close()
})
