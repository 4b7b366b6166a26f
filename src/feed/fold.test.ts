import { describe, expect, test } from 'vitest'
import { type ConnectionOpenedBody, YES } from '#domain'
import { aDelta, anError, anOk, aSnapshot, aSubscribed, bytesOf } from '../../test/support/frames.ts'
import { describeCheckpoint, describeContext } from './describe.ts'
import { Fold } from './fold.ts'
import type { FoldListener } from './listener.ts'

const OPENED: ConnectionOpenedBody = { host: 'test', environment: 'sim', useYesPrice: false, firstSeq: 'one' }
const TWO_SIDED = { yes: [['0.4000', '5.00']], no: [['0.5500', '3.00']] } as const
const CROSSED = { yes: [['0.6000', '5.00']], no: [['0.5500', '3.00']] } as const

const subscribeTo = (...markets: string[]) =>
  bytesOf(
    JSON.stringify({ id: 1, cmd: 'subscribe', params: { channels: ['orderbook_delta'], market_tickers: markets } }),
  )

function aFold(options: { markets?: string[]; opened?: Partial<ConnectionOpenedBody>; listener?: FoldListener } = {}) {
  const told: string[] = []
  const fold = new Fold({
    validity: (market) => told.push(`${market.ticker} ${market.valid ? 'valid' : market.doubt}`),
    broken: (_, subscription, expected, received) => told.push(`break on ${subscription.sid}: ${expected} ${received}`),
    ...options.listener,
  })
  fold.opened(1, { ...OPENED, ...options.opened })
  fold.command(1, subscribeTo(...(options.markets ?? ['A', 'B'])))
  const play = (...frames: string[]) => {
    for (const frame of frames) fold.frame(1, bytesOf(frame), 0)
  }
  return { fold, play, told }
}

/** A and B subscribed, both proven and valid; the next number is 3. */
function twoValid() {
  const made = aFold()
  made.play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED), aSnapshot(2, 'B', TWO_SIDED))
  made.told.length = 0
  return made
}

test('a listener hears each delta that was applied with the size after it, and of types that are passed over', () => {
  const heard: unknown[] = []
  const { play } = aFold({
    listener: {
      applied: ({ ticker, seq }, ...change) => heard.push([ticker, seq, ...change]),
      changed: ({ ticker }) => heard.push(ticker),
      passedOver: (connection, name) => heard.push([connection, name]),
    },
  })
  play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED), aSnapshot(2, 'B', TWO_SIDED))
  heard.length = 0
  play(aDelta(3, 'A', '0.4000', '-2.00'), aDelta(4, 'A', '0.4000', '-9.00'), aDelta(5, 'A', '0.4000', '1.00'))
  play('{"type":"news","sid":9,"seq":1,"msg":{}}')
  expect(heard).toEqual([['A', 3, YES, 4000, -200, 300], 'A', [1, 'news']])
})

describe('a sequence', () => {
  test('runs through all markets and control frames of a sid', () => {
    const { fold, play } = twoValid()
    play(aDelta(3, 'A', '0.4000', '1.00'), anOk(4), aDelta(5, 'B', '0.4000', '1.00'))
    expect(fold.counts.breaks).toBe(0)
    expect(fold.market('B')!.book.sizeAt(YES, 4000 as never)).toBe(600)
  })

  test('broken puts every book of the sid in doubt, and each comes back by its own snapshot alone', () => {
    const { fold, play, told } = twoValid()
    play(aDelta(4, 'A', '0.4000', '1.00'))
    expect(told).toEqual(['A sequence_break', 'B sequence_break', 'break on 1: 3 4'])
    play(aDelta(5, 'A', '0.4000', '1.00'), aSnapshot(6, 'B', TWO_SIDED))
    expect(fold.market('A')!.valid).toBe(false)
    expect(fold.market('A')!.book.sizeAt(YES, 4000 as never)).toBe(500)
    expect(fold.market('B')!.valid).toBe(true)
    expect(fold.counts.unproven).toBe(2)
  })

  test('broken by a snapshot proves that very market', () => {
    const { fold, play } = twoValid()
    play(aSnapshot(9, 'A', TWO_SIDED))
    expect(fold.market('A')!.valid).toBe(true)
    expect(fold.market('B')!.valid).toBe(false)
  })

  test('drops a number already passed, and counts it', () => {
    const { fold, play } = twoValid()
    play(aDelta(3, 'A', '0.4000', '1.00'), aDelta(3, 'A', '0.4000', '1.00'), anOk(2), aSnapshot(1, 'A', {}))
    expect(fold.market('A')).toMatchObject({ valid: true })
    expect(fold.market('A')!.book.sizeAt(YES, 4000 as never)).toBe(600)
    expect(fold.counts.repeats).toBe(3)
  })

  test('that falls back and counts on puts its books in doubt, unlike a frame sent twice', () => {
    const fellBack: number[] = []
    const { fold, play } = aFold({ listener: { fellBack: (_, subscription) => void fellBack.push(subscription.sid) } })
    play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED), aSnapshot(2, 'B', TWO_SIDED), aDelta(3, 'A', '0.4000', '1.00'))
    play(aDelta(3, 'A', '0.4000', '1.00'), aDelta(2, 'A', '0.4000', '1.00'))
    expect(fold.market('A')!.valid).toBe(true)
    play(aSnapshot(1, 'A', TWO_SIDED), aDelta(2, 'A', '0.4000', '1.00'), aDelta(3, 'A', '0.4000', '1.00'))
    expect(fellBack).toEqual([1])
    expect(fold.markets().some(({ valid }) => valid)).toBe(false)
  })

  test('does not fall back by frames sent twice between others', () => {
    const { fold, play } = twoValid()
    for (let seq = 3; seq < 9; seq++) play(aDelta(seq, 'A', '0.4000', '1.00'), aDelta(seq, 'A', '0.4000', '1.00'))
    expect(fold.counts.repeats).toBe(6)
    expect(fold.market('A')!.valid).toBe(true)
  })

  test('that falls back across the start of a segment is seen by a reader that begins there', () => {
    const { fold, play } = twoValid()
    play(aDelta(3, 'A', '0.4000', '1.00'), aSnapshot(1, 'A', TWO_SIDED), aDelta(2, 'A', '0.4000', '1.00'))
    const reader = new Fold()
    reader.context(JSON.parse(JSON.stringify(describeContext(fold, 'session'))))
    for (const market of fold.markets()) reader.checkpoint(describeCheckpoint(market)!, 0)
    expect(reader.market('A')!.proven).toBe(true)
    play(aDelta(3, 'A', '0.4000', '1.00'))
    reader.frame(1, bytesOf(aDelta(3, 'A', '0.4000', '1.00')), 0)
    for (const each of [fold, reader]) expect(each.market('A')!.doubt).toBe('sequence_break')
  })

  test('is dated the same by a reader that has the books from checkpoints', () => {
    const { fold } = twoValid()
    fold.frame(1, bytesOf(aDelta(3, 'A', '0.4000', '1.00')), 40)
    const reader = new Fold()
    reader.context(JSON.parse(JSON.stringify(describeContext(fold, 'session'))))
    // Written later than the last frame: it proves nothing of the time between.
    for (const market of fold.markets()) reader.checkpoint(describeCheckpoint(market)!, 50)
    for (const each of [fold, reader]) {
      expect(each.market('B')!.asOfMs).toBe(40)
      each.frame(1, bytesOf(aDelta(5, 'A', '0.4000', '1.00')), 60)
      expect(each.market('B')).toMatchObject({ doubt: 'sequence_break', provenUntilMs: 40 })
    }
  })

  test('must begin with 1 after our own subscribed', () => {
    const { play, told } = aFold()
    play(aSubscribed(), aSnapshot(2, 'A', TWO_SIDED))
    expect(told).toContain('break on 1: 1 2')
  })

  test('may begin anywhere in an import, and only there', () => {
    const { play, told, fold } = aFold({ opened: { firstSeq: 'any' }, markets: [] })
    play(aSnapshot(77, 'A', TWO_SIDED), aDelta(78, 'A', '0.4000', '1.00'))
    expect(told).toEqual([])
    expect(fold.market('A')!.proven).toBe(true)
    const live = aFold()
    live.play(aSnapshot(1, 'A', TWO_SIDED))
    expect(live.fold.counts.unplaced).toBe(1)
  })

  test('of another sid is its own', () => {
    const { play, told } = twoValid()
    play(aSubscribed(2, 'trade', 2), anOk(1, 5, 2), anOk(5, 6, 2))
    expect(told).toEqual(['break on 2: 2 5'])
  })

  test('of another sid changes no book that follows this one', () => {
    const { fold, play } = twoValid()
    play(aSubscribed(2, 'orderbook_delta', 2), aDelta(1, 'A', '0.4000', '1.00', { sid: 2 }))
    expect(fold.market('A')!.book.sizeAt(YES, 4000 as never)).toBe(500)
    expect(fold.counts.unproven).toBe(1)
    play(aSnapshot(2, 'A', { ...TWO_SIDED, sid: 2 }), aDelta(9, 'B', '0.4000', '1.00'))
    expect(fold.market('A')!.valid).toBe(true)
    expect(fold.market('B')!.valid).toBe(false)
  })

  test('ends with its unsubscribed, whatever still comes on it', () => {
    const { fold, play, told } = twoValid()
    play('{"id":5,"sid":1,"seq":3,"type":"unsubscribed"}', aSnapshot(4, 'A', TWO_SIDED))
    expect(told).toEqual(['A unsubscribed', 'B unsubscribed'])
    expect(fold.counts.unplaced).toBe(1)
  })

  test('starts anew with a new subscribed, its books in doubt', () => {
    const { play, told, fold } = twoValid()
    play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED))
    expect(told).toEqual(['A sequence_break', 'B sequence_break', 'A valid'])
    expect(fold.market('B')!.valid).toBe(false)
  })
})

describe('a book in the fold', () => {
  test('goes in doubt rather than below zero, and nothing is clamped', () => {
    const { fold, play, told } = twoValid()
    play(aDelta(3, 'A', '0.4000', '-6.00'))
    expect(told).toEqual(['A negative_size'])
    expect(fold.market('A')!.book.sizeAt(YES, 4000 as never)).toBe(500)
    play(aDelta(4, 'A', '0.4000', '1.00'), aSnapshot(5, 'A', TWO_SIDED))
    expect(fold.market('A')!.valid).toBe(true)
    expect(fold.market('B')!.valid).toBe(true)
  })

  test('is believed up to the last frame of its sid when that breaks, and up to its snapshot when it was wrong itself', () => {
    const { fold } = aFold()
    const at = (ms: number, frame: string) => fold.frame(1, bytesOf(frame), ms)
    at(10, aSubscribed())
    at(20, aSnapshot(1, 'A', TWO_SIDED))
    at(30, aSnapshot(2, 'B', TWO_SIDED))
    at(40, aDelta(3, 'B', '0.4000', '1.00'))
    expect(fold.market('A')!.asOfMs).toBe(40)
    at(50, aDelta(4, 'A', '0.4000', '-9.00'))
    expect(fold.market('A')!.asOfMs).toBe(20)
    at(60, aDelta(9, 'B', '0.4000', '1.00'))
    expect(fold.market('B')!.asOfMs).toBe(50)
  })

  test('may be crossed inside one exchange time', () => {
    const { fold, play, told } = twoValid()
    play(
      aDelta(3, 'A', '0.6000', '1.00', { ms: 5 }),
      aDelta(4, 'A', '0.6000', '-1.00', { ms: 5 }),
      aDelta(5, 'A', '0.4000', '1.00', { ms: 6 }),
    )
    expect(told).toEqual([])
    expect(fold.counts.crossed).toBe(0)
  })

  test('still crossed after its exchange time is in doubt', () => {
    const { fold, play, told } = twoValid()
    play(aDelta(3, 'A', '0.6000', '1.00', { ms: 5 }), aDelta(4, 'A', '0.3000', '1.00', { ms: 6 }))
    expect(told).toEqual(['A crossed'])
    expect(fold.counts.crossed).toBe(1)
  })

  test('still crossed is in doubt when its subscription has long moved on', () => {
    const { play, told } = twoValid()
    play(aDelta(3, 'A', '0.6000', '1.00', { ms: 5000 }), aDelta(4, 'B', '0.4000', '1.00', { ms: 6000 }))
    expect(told).toEqual([])
    play(aDelta(5, 'B', '0.4000', '1.00', { ms: 6001 }))
    expect(told).toEqual(['A crossed'])
  })

  test('of a snapshot taken inside a crossed group waits for the rest of the group', () => {
    const { play, told } = twoValid()
    play(aDelta(3, 'B', '0.4000', '1.00', { ms: 5000 }), aDelta(4, 'A', '0.4000', '-99.00', { ms: 5000 }))
    play(aSnapshot(5, 'A', CROSSED), aDelta(6, 'A', '0.6000', '-5.00', { ms: 5001 }))
    play(aDelta(7, 'A', '0.3000', '1.00', { ms: 9000 }))
    expect(told).toEqual(['A negative_size', 'A valid'])
  })

  test('of a snapshot taken inside a crossed group waits for the rest of it, whatever time was told before', () => {
    const first = aFold({ markets: ['A', 'B'] })
    first.play(aSubscribed(), aSnapshot(1, 'A', CROSSED), aSnapshot(2, 'B', TWO_SIDED))
    first.play(aDelta(3, 'A', '0.6000', '-5.00', { ms: 5000 }))
    expect(first.told).not.toContain('A crossed')

    const quiet = twoValid()
    quiet.play(aDelta(3, 'B', '0.4000', '1.00', { ms: 1 }), aDelta(4, 'A', '0.4000', '-99.00', { ms: 1 }))
    quiet.play(aSnapshot(5, 'A', CROSSED), aDelta(6, 'A', '0.6000', '-5.00', { ms: 5000 }))
    expect(quiet.told).toEqual(['A negative_size', 'A valid'])
  })

  test('of a crossed snapshot is in doubt when its subscription has moved on since', () => {
    const { fold, play, told } = twoValid()
    play(aDelta(3, 'A', '0.4000', '-99.00', { ms: 1 }), aSnapshot(4, 'A', CROSSED))
    play(aDelta(5, 'B', '0.4000', '1.00', { ms: 5000 }), aDelta(6, 'B', '0.4000', '1.00', { ms: 6000 }))
    expect(told).toEqual(['A negative_size', 'A valid'])
    play(aDelta(7, 'B', '0.4000', '1.00', { ms: 6001 }))
    expect(told).toEqual(['A negative_size', 'A valid', 'A crossed'])
    expect(fold.counts.crossed).toBe(1)
  })

  test('is emptied by an unasked empty snapshot, and stays valid', () => {
    const { fold, play } = twoValid()
    play(aSnapshot(3, 'A'))
    expect(fold.market('A')).toMatchObject({ valid: true })
    expect(fold.market('A')!.book.levels()).toEqual({ yes: [], no: [] })
  })

  test('of a market that the exchange does not know is never valid', () => {
    const { fold, play, told } = aFold({ markets: ['A', 'NOPE'] })
    play(aSubscribed(), aSnapshot(1, 'NOPE', { marketId: '' }), aSnapshot(2, 'A', TWO_SIDED))
    expect(fold.market('NOPE')).toMatchObject({ valid: false, doubt: 'unknown_market' })
    expect(told).toEqual(['A valid'])
  })

  test('of a malformed frame is in doubt; one without a market puts its whole sid in doubt', () => {
    const { play, told } = twoValid()
    play(aDelta(3, 'A', '7.0000', '1.00'))
    expect(told).toEqual(['A malformed'])
    play('{"type":"orderbook_delta","sid":1,"seq":4,"msg":{}}')
    expect(told).toEqual(['A malformed', 'B malformed'])
  })

  test('is in doubt when any frame of its connection cannot be placed at all', () => {
    const { play, told } = twoValid()
    play('not json at all')
    expect(told).toEqual(['A malformed', 'B malformed'])
  })

  test('survives what is nested deeper than a stack', () => {
    const { fold, play } = twoValid()
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    play(`{"type":"orderbook_snapshot","sid":1,"seq":3,"msg":${deep}}`, `{"type":"error","msg":{"code":${deep}}}`, deep)
    expect(fold.counts.malformed).toBe(3)
  })

  test('of a market that nobody asked for is not taken up', () => {
    const { fold, play } = twoValid()
    play(aSnapshot(3, 'Z', TWO_SIDED), aDelta(4, 'Z', '0.4000', '1.00'), aDelta(5, 'A', '0.4000', '1.00'))
    expect(fold.market('Z')).toBeUndefined()
    expect(fold.counts).toMatchObject({ unasked: 2, breaks: 0 })
  })

  test('of a market said to be unknown is told of when deltas of it come all the same', () => {
    const stirred: string[] = []
    const { play } = aFold({ listener: { stirred: (_, market) => void stirred.push(market.ticker) } })
    play(aSubscribed(), aSnapshot(1, 'A', { marketId: '' }))
    for (let seq = 2; seq < 9; seq++) play(aDelta(seq, 'A', '0.4000', '1.00'))
    expect(stirred).toEqual(['A'])
  })

  test('is in doubt with a dead subscription, whatever still comes on it', () => {
    const { fold, play, told } = twoValid()
    play(anError(25, { sid: 1, seq: 3 }))
    expect(told).toEqual(['A terminal_error', 'B terminal_error'])
    play(aSnapshot(4, 'A', TWO_SIDED))
    expect(fold.market('A')!.valid).toBe(false)
    expect(fold.counts.unplaced).toBe(1)
  })

  test('is lost with its connection', () => {
    const { fold, told } = twoValid()
    fold.lost(1)
    expect(told).toEqual(['A connection_lost', 'B connection_lost'])
    fold.frame(1, bytesOf(aDelta(3, 'A', '0.4000', '1.00')), 0)
    expect(fold.counts.unplaced).toBe(1)
  })

  test('is let go by our own delete_markets, and forgotten with its answer', () => {
    const { fold, told, play } = twoValid()
    const command = {
      id: 9,
      cmd: 'update_subscription',
      params: { sids: [1], action: 'delete_markets', market_tickers: ['A'] },
    }
    fold.command(1, bytesOf(JSON.stringify(command)))
    expect(told).toEqual(['A unsubscribed'])
    play(anOk(3, 9))
    expect(fold.market('A')).toBeUndefined()
    play(aDelta(4, 'A', '0.4000', '1.00'))
    expect(fold.counts.unasked).toBe(1)
  })

  test('is released without a command when the exchange refused it, and holds up nobody', () => {
    const { fold, play, told } = aFold()
    play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED))
    expect(told).toEqual([])
    fold.validity({ action: 'release', markets: ['B'], cause: 'dropped' }, 1)
    expect(told).toEqual(['A valid'])
    expect(fold.market('B')).toBeUndefined()
  })

  test('is believed by nobody across a damaged piece of the journal', () => {
    const { fold, told } = twoValid()
    fold.damaged()
    expect(told).toEqual(['A journal_damage', 'B journal_damage'])
  })

  test('of a connection that opens twice is not believed: its end was lost', () => {
    const { fold, told } = twoValid()
    fold.opened(1, OPENED)
    expect(told).toEqual(['A connection_lost', 'B connection_lost'])
  })

  test('forgotten leaves no trace, and its number serves another', () => {
    const { fold, play } = twoValid()
    fold.forget('A')
    expect(fold.market('A')).toBeUndefined()
    fold.command(1, subscribeTo('C'))
    play(aSnapshot(3, 'C', TWO_SIDED), aDelta(4, 'C', '0.4000', '1.00'))
    expect(
      fold
        .markets()
        .map(({ ticker }) => ticker)
        .sort(),
    ).toEqual(['B', 'C'])
    expect(fold.market('C')!.deltas).toBe(1)
  })
})

describe('orientation', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `M${index}`)

  test('holds all books back until the sample is complete', () => {
    const markets = many(30)
    const { play, told } = aFold({ markets })
    play(aSubscribed(), ...markets.slice(0, 19).map((each, index) => aSnapshot(index + 1, each, TWO_SIDED)))
    expect(told).toEqual([])
    play(aSnapshot(20, 'M19', TWO_SIDED))
    expect(told).toHaveLength(20)
  })

  test('is judged by all books when they are fewer', () => {
    const { play, told } = aFold()
    play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED))
    expect(told).toEqual([])
    play(aSnapshot(2, 'B', {}))
    expect(told).toEqual(['A valid', 'B valid'])
  })

  test('needs more than half of the sample crossed to be wrong', () => {
    const { fold, play } = aFold()
    play(aSubscribed(), aSnapshot(1, 'A', CROSSED), aSnapshot(2, 'B', TWO_SIDED))
    expect(fold.connection(1)!.orientation.verdict).toBe('as_asked')
  })

  test('is not judged again once the sample is full', () => {
    const markets = many(60)
    const { fold, play } = aFold({ markets })
    play(aSubscribed(), ...markets.map((each, index) => aSnapshot(index + 1, each, index < 20 ? TWO_SIDED : CROSSED)))
    expect(fold.connection(1)!.orientation.verdict).toBe('as_asked')
    expect(fold.connection(1)!.orientation.sample).toEqual({ books: 20, crossed: 0 })
  })

  test('read the wrong way round makes no book valid, ever', () => {
    const { fold, play, told } = aFold()
    play(aSubscribed(), aSnapshot(1, 'A', CROSSED), aSnapshot(2, 'B', CROSSED), aSnapshot(3, 'A', {}))
    expect(told).toEqual([])
    expect(fold.connection(1)!.orientation.verdict).toBe('wrong')
    expect(fold.market('A')!.doubt).toBe('orientation')
  })

  test('without a two-sided book follows the tickers', () => {
    const { fold, play } = aFold({ markets: ['A'] })
    const ticker = (ask: string) =>
      `{"type":"ticker","sid":2,"msg":{"market_ticker":"A","yes_ask_dollars":"${ask}","ts_ms":1}}`
    play(
      aSubscribed(),
      aSnapshot(1, 'A', {
        no: [
          ['0.7000', '1.00'],
          ['0.9000', '1.00'],
        ],
      }),
    )
    expect(fold.market('A')!.valid).toBe(true)
    play(ticker('0.7000'))
    expect(fold.connection(1)!.orientation.verdict).toBe('wrong')
    play(ticker('0.1000'), ticker('0.1100'))
    expect(fold.market('A')!.valid).toBe(true)
  })

  test('can be settled from outside when a market never answers', () => {
    const { fold, play, told } = aFold()
    play(aSubscribed(), aSnapshot(1, 'A', TWO_SIDED))
    fold.validity({ action: 'settle_orientation', cause: 'snapshot_timeout' }, 1)
    expect(told).toEqual(['A valid'])
  })
})

describe('a reader that begins in the middle', () => {
  test('tells how a connection is oriented that was judged where nothing was recorded', () => {
    const told: string[] = []
    const fold = new Fold({ oriented: ({ id, orientation }) => told.push(`${id} ${orientation.verdict}`) })
    const of = (connection: number, verdict: 'pending' | 'wrong') => ({
      ...OPENED,
      connection,
      orientation: { verdict, sample: [], fits: { asRead: 0, flipped: 0 } },
      asked: { awaiting: [], held: [], leaving: [], again: [], deletes: [] },
      sids: [],
    })
    const context = { session: 's', connections: [of(1, 'wrong'), of(2, 'pending')] }
    fold.context(context)
    fold.context(context)
    expect(told).toEqual(['1 wrong'])
  })

  test('takes over connections from the context and books from checkpoints, and goes on in sequence', () => {
    const fold = new Fold()
    const connection = {
      ...OPENED,
      connection: 7,
      orientation: { verdict: 'as_asked', sample: [], fits: { asRead: 0, flipped: 0 } },
      asked: { awaiting: [], held: ['A'], leaving: [], again: [], deletes: [] },
      sids: [{ sid: 1, channel: 'orderbook_delta', lastSeq: 41, exchangeMs: 0, lastMs: 0 }],
    } as const
    fold.context({ session: 's', connections: [connection] })
    const book = {
      market: 'A',
      connection: 7,
      sid: 1,
      sidSeq: 41,
      seq: 40,
      exchangeMs: 5,
      yes: [[4000, 500]],
      no: [],
    } as const
    fold.checkpoint(book, 0)
    fold.frame(7, bytesOf(aDelta(42, 'A', '0.4000', '1.00')), 0)
    expect(fold.market('A')).toMatchObject({ valid: true, seq: 42 })
    fold.frame(7, bytesOf(aDelta(44, 'A', '0.4000', '1.00')), 0)
    expect(fold.market('A')!.valid).toBe(false)
  })

  test('knows by name what the feed had asked for, so that a malformed frame doubts its own market alone', () => {
    const fold = new Fold()
    fold.context({
      session: 's',
      connections: [
        {
          ...OPENED,
          connection: 7,
          orientation: { verdict: 'as_asked', sample: [], fits: { asRead: 0, flipped: 0 } },
          asked: { awaiting: ['B'], held: ['A'], leaving: [], again: [], deletes: [] },
          sids: [{ sid: 1, channel: 'orderbook_delta', lastSeq: 41, exchangeMs: 0, lastMs: 0 }],
        },
      ],
    })
    fold.checkpoint(
      { market: 'A', connection: 7, sid: 1, sidSeq: 41, seq: 40, exchangeMs: 5, yes: [[4000, 500]], no: [] },
      0,
    )
    fold.frame(7, bytesOf(aDelta(42, 'B', '7.0000', '1.00')), 0)
    expect(fold.market('A')!.valid).toBe(true)
  })

  test('keeps a book that it has proven itself, whatever a checkpoint says', () => {
    const { fold } = twoValid()
    const book = {
      market: 'A',
      connection: 1,
      sid: 1,
      sidSeq: 2,
      seq: 1,
      exchangeMs: 0,
      yes: [[100, 1]],
      no: [],
    } as const
    fold.checkpoint(book, 0)
    expect(fold.market('A')!.book.sizeAt(YES, 4000 as never)).toBe(500)
  })

  test('believes nothing across the start of another run', () => {
    const { fold, told } = twoValid()
    fold.sessionStarted()
    expect(told).toEqual(['A process_down', 'B process_down'])
  })
})
