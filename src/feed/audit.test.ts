import { describe, expect, test } from 'vitest'
import type { ContextBody } from '#domain'
import { aDelta, aSnapshot, aSubscribed, bytesOf } from '../../test/support/frames.ts'
import type { Audited } from './audit.ts'
import { describeCheckpoint, describeContext } from './describe.ts'
import { Fold } from './fold.ts'

const BOOK = { yes: [['0.4000', '5.00']], no: [['0.5000', '3.00']] } as const
const TWO_LEVELS = { yes: [['0.3000', '1.00'], BOOK.yes[0]], no: BOOK.no } as const
const OPENED = { host: 'test', environment: 'sim', useYesPrice: false, firstSeq: 'one' } as const

const command = (body: object) => bytesOf(JSON.stringify(body))
const ask = (fold: Fold, ...markets: string[]) =>
  fold.command(
    1,
    command({
      id: 7,
      cmd: 'update_subscription',
      params: { sids: [1], action: 'get_snapshot', market_tickers: markets },
    }),
  )

/** A and B proven and valid; the next number is 3. Says what it hears. */
function proven() {
  const told: string[] = []
  const results: Audited[] = []
  const fold = new Fold({
    validity: ({ ticker, valid }) => told.push(`${ticker} ${valid ? 'valid' : 'not valid'}`),
    keptBack: ({ ticker, valid }) => told.push(`${ticker} ${valid ? 'shown again' : 'kept back'}`),
    doubted: ({ ticker }, cause) => told.push(`${ticker} ${cause}`),
    audited: ({ ticker }, found) => {
      told.push(`${ticker} ${found.result} ${found.levelsWrong}`)
      results.push(found)
    },
  })
  fold.opened(1, OPENED)
  fold.command(
    1,
    command({ id: 1, cmd: 'subscribe', params: { channels: ['orderbook_delta'], market_tickers: ['A', 'B'] } }),
  )
  let receivedMs = 0
  const play = (...frames: string[]) => {
    for (const frame of frames) fold.frame(1, bytesOf(frame), ++receivedMs)
  }
  play(aSubscribed(), aSnapshot(1, 'A', BOOK), aSnapshot(2, 'B', BOOK))
  told.length = 0
  return { fold, play, told, results }
}

describe('a snapshot asked for of a proven book', () => {
  test('that is equal proves it anew', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aSnapshot(3, 'A', { ...BOOK, id: 7 }))
    expect(told).toEqual(['A matched 0'])
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 3, snapshotMs: 4, audit: undefined })
  })

  test('whose frames are in no journal is compared with nothing, and takes its place', () => {
    const { fold, play, told } = proven()
    fold.unrecorded()
    ask(fold, 'A', 'B')
    play(aSnapshot(3, 'A', { ...TWO_LEVELS, id: 7 }))
    expect(told).toEqual([])
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 3 })
    ask(fold, 'A')
    play(aSnapshot(4, 'A', { ...TWO_LEVELS, id: 7 }))
    expect(told).toEqual(['A matched 0'])
  })

  test('whose frames are in no journal leaves no question behind', () => {
    const { fold, play } = proven()
    ask(fold, 'A')
    fold.unrecorded()
    ask(fold, 'A')
    play(aSnapshot(3, 'A', { ...BOOK, id: 7 }))
    expect(fold.market('A')).toMatchObject({ valid: true, audit: undefined })
    expect(describeCheckpoint(fold.market('A')!)).toMatchObject({ market: 'A', seq: 3 })
  })

  test('that differs when the disk has room again is in doubt: what may explain it is in no journal', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aSnapshot(3, 'A', { ...TWO_LEVELS, id: 7 }))
    fold.unrecorded()
    play(aDelta(4, 'A', '0.2000', '1.00', { ms: 10 }), aDelta(5, 'A', '0.2000', '1.00', { ms: 11 }))
    expect(told).toEqual(['A kept back', 'A disk_full', 'A not valid'])
  })

  test('after a full disk is settled by a reader as by the feed', () => {
    const { fold, play, told } = proven()
    const results: string[] = []
    const reader = new Fold({ audited: (_, { result }) => results.push(result) })
    fold.unrecorded()
    reader.context(describeContext(fold, 'run'))
    const both = (seq: number, frame: string) => {
      play(frame)
      reader.frame(1, bytesOf(frame), seq)
    }
    const askBoth = () => {
      ask(fold, 'A')
      ask(reader, 'A')
    }
    askBoth()
    both(3, aSnapshot(3, 'A', { ...BOOK, id: 7 }))
    both(4, aDelta(4, 'A', '0.3000', '1.00', { ms: 10 }))
    askBoth()
    both(5, aDelta(5, 'A', '0.4000', '1.00', { ms: 10 }))
    both(6, aSnapshot(6, 'A', { ...BOOK, id: 7 }))
    both(7, aDelta(7, 'A', '0.2000', '1.00', { ms: 11 }))
    both(8, aDelta(8, 'A', '0.2000', '1.00', { ms: 12 }))
    expect(told.filter((each) => each.startsWith('A mis') || each.startsWith('A off'))).toEqual(['A mismatched 2'])
    expect(results).toEqual(['mismatched'])
  })

  test('that lacks the last deltas of one ts_ms leaves our book, and is an offset', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aDelta(3, 'A', '0.3000', '1.00', { ms: 10 }), aDelta(4, 'A', '0.4000', '1.00', { ms: 10 }))
    play(aSnapshot(5, 'A', { ...TWO_LEVELS, id: 7 }))
    expect(told).toEqual(['A offset 1'])
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 4 })
    expect(fold.market('A')!.book.levels().yes).toEqual([
      [3000, 100],
      [4000, 600],
    ])
  })

  test('that lacks a delta of an earlier ts_ms is no offset', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aDelta(3, 'A', '0.4000', '1.00', { ms: 10 }), aDelta(4, 'A', '0.3000', '1.00', { ms: 11 }))
    play(aSnapshot(5, 'A', { ...BOOK, id: 7 }))
    expect(told).toEqual(['A kept back'])
  })

  test('that holds the next deltas of one ts_ms is kept back until they come, and is an offset', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aSnapshot(3, 'A', { yes: [...TWO_LEVELS.yes, ['0.4500', '2.00']], no: BOOK.no, id: 7 }))
    expect(told).toEqual(['A kept back'])
    expect(fold.market('A')).toMatchObject({ proven: true, valid: false, doubt: 'audit_pending', asOfMs: 3 })
    play(aDelta(4, 'A', '0.3000', '1.00', { ms: 10 }), aDelta(5, 'B', '0.3000', '1.00', { ms: 12 }))
    play(aDelta(6, 'A', '0.4500', '2.00', { ms: 10 }))
    expect(told).toEqual(['A kept back', 'A shown again', 'A offset 2'])
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 6 })
  })

  test('that nothing explains when its group is over puts the book in doubt from its last proof on, and proves nothing', () => {
    const { fold, play, told, results } = proven()
    ask(fold, 'A')
    play(aSnapshot(3, 'A', { ...TWO_LEVELS, id: 7 }))
    play(aDelta(4, 'A', '0.4000', '1.00', { ms: 10 }), aDelta(5, 'A', '0.4000', '1.00', { ms: 11 }))
    expect(told).toEqual(['A kept back', 'A mismatched 1', 'A audit_mismatch', 'A not valid'])
    expect(fold.market('A')).toMatchObject({ proven: false, cause: 'audit_mismatch', provenUntilMs: 2 })
    expect(results[0]).toMatchObject({
      connection: 1,
      sid: 1,
      seq: 3,
      ours: { yes: [[4000, 500]] },
      theirs: {
        yes: [
          [3000, 100],
          [4000, 500],
        ],
      },
    })
    ask(fold, 'A')
    play(aSnapshot(6, 'A', { ...TWO_LEVELS, id: 8 }))
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 6 })
    expect(fold.counts).toMatchObject({ auditsMismatched: 1, auditsMatched: 0, auditsOffset: 0 })
  })

  test('that nothing explains in time is a mismatch by our own word, and a question without an answer is dropped', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A', 'B')
    play(aSnapshot(3, 'A', { ...TWO_LEVELS, id: 7 }))
    fold.validity({ action: 'settle_audits', markets: ['A', 'B'], cause: 'snapshot_timeout' }, 1)
    expect(told.slice(1)).toEqual(['A mismatched 1', 'A audit_mismatch', 'A not valid'])
    expect(fold.market('B')).toMatchObject({ valid: true, audit: undefined })
  })

  test('that differs once more while the first is open is a mismatch; an equal one ends the matter', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A', 'B')
    for (const market of ['A', 'B']) play(aSnapshot(market === 'A' ? 3 : 4, market, { ...TWO_LEVELS, id: 7 }))
    told.length = 0
    play(aSnapshot(5, 'A', { ...TWO_LEVELS, id: 7 }), aSnapshot(6, 'B', { ...BOOK, id: 7 }))
    expect(told).toEqual(['A mismatched 1', 'A audit_mismatch', 'A not valid', 'B shown again', 'B matched 0'])
  })

  test('is no audit when a break has put the book in doubt before', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aDelta(9, 'B', '0.4000', '1.00'), aSnapshot(10, 'A', { ...TWO_LEVELS, id: 7 }))
    expect(told.filter((each) => /matched|offset/.test(each))).toEqual([])
    expect(fold.market('A')).toMatchObject({ valid: true })
  })

  test('left open when its connection ends is settled by nobody, and the book is not believed past it', () => {
    const { fold, play } = proven()
    ask(fold, 'A')
    play(aSnapshot(3, 'A', { ...TWO_LEVELS, id: 7 }), aDelta(4, 'B', '0.4000', '1.00'))
    fold.lost(1)
    expect(fold.counts).toMatchObject({ auditsUnsettled: 1, auditsMismatched: 0 })
    expect(fold.market('A')!.provenUntilMs).toBe(3)
    expect(fold.market('B')!.provenUntilMs).toBe(5)
  })
})

describe('a snapshot that nobody asked for', () => {
  test('takes the place of a proven book as it always did', () => {
    const { fold, play, told } = proven()
    play(aSnapshot(3, 'A', TWO_LEVELS))
    expect(told).toEqual([])
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 3 })
  })

  test('is told from an answer by its missing id, when it is the empty one after a close', () => {
    const { fold, play, told } = proven()
    ask(fold, 'A')
    play(aDelta(3, 'A', '0.4000', '1.00', { ms: 9 }), aSnapshot(4, 'A'), aSnapshot(5, 'A', { id: 7 }))
    expect(told).toEqual(['A matched 0'])
  })
})

test('an answer without an id is one all the same, from an exchange that sends none', () => {
  const { fold, play, told } = proven()
  ask(fold, 'A')
  play(aSnapshot(3, 'A', BOOK))
  expect(told).toEqual(['A matched 0'])
  ask(fold, 'B')
  play(aSnapshot(4, 'B', { ...BOOK, id: 7 }))
  ask(fold, 'A')
  play(aSnapshot(5, 'A', TWO_LEVELS))
  expect(told).toEqual(['A matched 0', 'B matched 0'])
  expect(fold.market('A')).toMatchObject({ valid: true, seq: 5 })
})

describe('a reader that begins at a context', () => {
  /** Where the feed has just asked for A, and the reader has seen no book yet. */
  function late() {
    const live = proven()
    const context = JSON.parse(JSON.stringify(describeContext(live.fold, 'run'))) as ContextBody
    const reader = new Fold()
    reader.context(context)
    const both = (...frames: string[]) => {
      live.play(...frames)
      for (const frame of frames) reader.frame(1, bytesOf(frame), 9)
    }
    for (const fold of [live.fold, reader]) ask(fold, 'A')
    return { live: live.fold, reader, both }
  }

  test('takes no answer for a proof that the feed only compared', () => {
    const { live, reader, both } = late()
    both(aDelta(3, 'A', '0.4000', '1.00', { ms: 10 }), aSnapshot(4, 'A', { ...BOOK, id: 7 }))
    expect(live.counts.auditsOffset).toBe(1)
    expect(reader.market('A')).toMatchObject({ proven: false })
    reader.checkpoint(describeCheckpoint(live.market('A')!)!, 9)
    both(aDelta(5, 'A', '0.4000', '1.00', { ms: 11 }))
    expect(reader.market('A')!.book.levels()).toEqual(live.market('A')!.book.levels())
  })

  test('takes one that repairs a break which it has seen itself', () => {
    const { live, reader, both } = late()
    both(aDelta(9, 'B', '0.4000', '1.00'), aSnapshot(10, 'A', { ...TWO_LEVELS, id: 7 }))
    expect(reader.market('A')).toMatchObject({ valid: true })
    expect(reader.market('A')!.book.levels()).toEqual(live.market('A')!.book.levels())
  })

  test('is offered no checkpoint of a book that is being audited', () => {
    const { live } = late()
    expect(describeCheckpoint(live.market('A')!)).toBeUndefined()
    expect(describeCheckpoint(live.market('B')!)).toBeDefined()
  })
})
