/**
 * Journals with everything in them that a store must live through, made by the recorder's own tape: runs that stop and runs
 * that die, breaks, books below zero, crossed groups, trades told twice, checkpoints, segments that turn. Seeded.
 */
import { join } from 'node:path'
import { Tape } from '#app'
import { formatContracts, formatDollars, type Level, type Levels, RECORD, type SessionBody } from '#domain'
import { describeCheckpoint, describeContext, Fold } from '#feed'
import { encodeCheckpoint, encodeJson, FileDisk, ManualClock, openCursor, openJournal } from '#journal'
import { aDelta, aSnapshot, aSubscribed, bytesOf } from '../support/frames.ts'
import { aFolder } from '../support/recording.ts'

export const MARKETS = ['KXA-1', 'KXB-2', 'KXC-3'] as const
/** A Friday: the exchange’s weekly pause is far. */
const START_NS = 1_786_100_000_000_000_000n
const SUBSCRIBE = {
  id: 1,
  cmd: 'subscribe',
  params: { channels: ['orderbook_delta'], market_tickers: MARKETS, use_yes_price: false },
}

export type Story = Awaited<ReturnType<typeof openStory>>

export async function openStory(options: { readonly segmentBytes?: number; readonly startNs?: bigint } = {}) {
  const folder = aFolder()
  const clock = new ManualClock(options.startNs ?? START_NS)
  const path = join(folder.path, 'journal')
  let session = ''
  let fold = new Fold()
  const open = () =>
    openJournal({
      disk: new FileDisk(),
      folder: path,
      environment: 'sim',
      clock,
      commitIntervalMs: 1,
      segmentBytes: options.segmentBytes ?? 256 << 20,
      context: () => encodeJson(describeContext(fold, session)),
    })
  let journal = await open()
  let tape = new Tape(journal, fold)
  let connection = 0
  let seq = 0
  let runs = 0
  let frames = 0

  const story = {
    folder: folder.path,
    journal: path,
    remove: folder.remove,
    get fold() {
      return fold
    },
    get seq() {
      return seq
    },
    get frames() {
      return frames
    },
    /** A run begins; the one before may have died without a word. */
    async run() {
      await journal.close()
      fold = new Fold()
      journal = await open()
      tape = new Tape(journal, fold)
      session = `00000000-0000-4000-8000-${String(++runs).padStart(12, '0')}`
      tape.record(RECORD.SESSION, 0, encodeJson({ event: 'started', session, version: '1' } satisfies SessionBody))
      fold.sessionStarted()
    },
    stop() {
      tape.record(
        RECORD.SESSION,
        0,
        encodeJson({
          event: 'stopped',
          session,
          version: '1',
          reason: 'told to',
          counts: { frames },
        } satisfies SessionBody),
      )
    },
    connect() {
      connection = tape.opened({ host: '127.0.0.1:1', environment: 'sim', useYesPrice: false, firstSeq: 'one' })
      seq = 0
      tape.sent(connection, JSON.stringify(SUBSCRIBE))
      story.say(aSubscribed())
      for (const market of MARKETS) story.snapshot(market)
    },
    lose(cause: 'disconnect' | 'paused' | 'stopped' = 'disconnect') {
      tape.lost(connection, { cause, lastProofNs: tape.unixNs(tape.lastStamp), lastProofKind: 'frame' })
    },
    letGo(market: string) {
      const params = { sids: [1], action: 'delete_markets', market_tickers: [market] }
      tape.sent(connection, JSON.stringify({ id: 7, cmd: 'update_subscription', params }))
    },
    /** A question of the recorder's own: its answer is an audit while the book is held for right. */
    ask(market: string) {
      const params = { sids: [1], action: 'get_snapshot', market_tickers: [market] }
      tape.sent(connection, JSON.stringify({ id: 8, cmd: 'update_subscription', params }))
    },
    /** Its answer: what our book would be after the change of `differ`. */
    answer(market: string, differ: (levels: Levels) => Levels = (levels) => levels) {
      const { yes, no } = differ(fold.market(market)?.book.levels() ?? { yes: [], no: [] })
      const written = (levels: readonly Level[]) =>
        levels.map(([price, size]) => [formatDollars(price), formatContracts(size)] as const)
      story.say(aSnapshot(++seq, market, { id: 8, yes: written(yes), no: written(no) }))
    },
    settleAudits(market: string) {
      tape.validity(connection, { action: 'settle_audits', markets: [market], cause: 'snapshot_timeout' })
    },
    say(text: string) {
      frames++
      tape.frame(connection, bytesOf(text))
    },
    snapshot(market: string) {
      story.say(aSnapshot(++seq, market, { yes: [['0.4000', '50.00']], no: [['0.5000', '70.00']] }))
    },
    delta(market: string, price: string, change: string, extra: Parameters<typeof aDelta>[4] = {}) {
      story.say(aDelta(++seq, market, price, change, extra))
    },
    trade(market: string, id: string | undefined, ms = Number(clock.wallNs() / 1_000_000n)) {
      const msg = {
        ...(id === undefined ? {} : { trade_id: id }),
        market_ticker: market,
        yes_price_dollars: '0.4100',
        count_fp: '3.00',
        taker_side: 'yes',
        ts_ms: ms,
      }
      story.say(JSON.stringify({ type: 'trade', sid: 9, msg }))
    },
    skip(numbers = 1) {
      seq += numbers
    },
    checkpoint(ticker: string) {
      const market = fold.market(ticker)
      const book = market?.valid === true ? describeCheckpoint(market) : undefined
      if (book === undefined) return
      tape.record(RECORD.CHECKPOINT, book.connection, encodeCheckpoint(book))
      fold.checkpoint(book, tape.nowMs())
    },
    record: (type: (typeof RECORD)[keyof typeof RECORD], body: object) => tape.record(type, 0, encodeJson(body)),
    frameOf: (on: number, text: string) => tape.frame(on, bytesOf(text)),
    pass: (ns: number) => clock.advance(ns),
    flush: () => journal.flush(),
    end: () => journal.close(),
    get durable() {
      return journal.durable
    },
  }
  return story
}

/** A long story with a bit of everything. The same seed tells the same. */
export async function tellAtLength(seed: number, steps: number): Promise<Story> {
  const story = await openStory({ segmentBytes: 24_000 })
  const random = mulberry(seed)
  const pick = <Each>(all: readonly Each[]): Each => all[Math.floor(random() * all.length)]!
  await story.run()
  story.connect()
  let trades = 0
  for (let step = 0; step < steps; step++) {
    story.pass(Math.floor(random() * 40_000_000))
    const market = pick(MARKETS)
    const chance = random()
    if (chance < 0.72) {
      const side = pick(['yes', 'no'] as const)
      const price = side === 'yes' ? pick(['0.3000', '0.3900', '0.4000']) : pick(['0.4000', '0.4900', '0.5000'])
      story.delta(market, price, `${1 + Math.floor(random() * 9)}.00`, { side, ms: 1_786_000_000_000 + step })
    } else if (chance < 0.8) story.trade(market, `trade-${random() < 0.3 ? Math.floor(random() * trades) : trades++}`)
    else if (chance < 0.84) story.checkpoint(market)
    else if (chance < 0.88) story.snapshot(market)
    else if (chance < 0.9) story.delta(market, '0.1000', '-999.00', { ms: 1_786_000_000_000 + step })
    else if (chance < 0.915) story.skip()
    else if (chance < 0.925) story.say('{"type":"orderbook_delta","sid":1,"broken')
    else if (chance < 0.94) story.say(aDelta(Math.max(1, story.seq - 2), market, '0.4000', '1.00'))
    else if (chance < 0.95) {
      story.lose()
      story.pass(50_000_000)
      story.connect()
    } else if (chance < 0.955) {
      await story.run()
      story.connect()
    } else if (chance < 0.96) {
      story.lose('stopped')
      story.stop()
      await story.run()
      story.connect()
    } else if (chance < 0.975) await story.flush()
    else {
      story.ask(market)
      const isWrong = random() < 0.3
      const before = story.fold.market(market)?.book.levels()
      if (random() < 0.5) story.delta(market, '0.3000', '1.00', { ms: 1_786_000_000_000 + step })
      story.answer(market, (levels) => (isWrong ? withoutBest(levels) : random() < 0.5 ? (before ?? levels) : levels))
      if (random() < 0.1) story.settleAudits(market)
    }
  }
  story.lose('stopped')
  story.stop()
  await story.end()
  return story
}

/** Another book: without its best YES level. */
export const withoutBest = ({ yes, no }: Levels): Levels => ({ yes: yes.slice(0, -1), no })

/** Where blocks end in a journal: places where a durable position may stand. */
export async function blockEnds(journal: string) {
  const ends: { segment: number; offset: number }[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: journal })) {
    ends.push({ segment: block.segment, offset: block.end })
  }
  return ends
}

export function mulberry(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
