/**
 * A real journal of two markets, and a recorder that says only what a test lets it say: for what depends on when a word
 * comes. The words themselves are those of a recorder (test/live/follow.test.ts has a real one speak them).
 */

import { RECORD } from '#domain'
import { describeContext, Fold } from '#feed'
import { encodeJson, FileDisk, openJournal, SystemClock } from '#journal'
import { type LinkState, type RecorderHead, type RecorderLink, Replica } from '#live'
import { Tape } from '../../src/app/recorder/tape.ts'
import { aDelta, aSnapshot, aSubscribed } from '../support/frames.ts'
import { aFolder, until } from '../support/recording.ts'

export type SpokenRecorder = Awaited<ReturnType<typeof recordSpoken>>

const TWO_SIDED = { yes: [['0.4000', '5.00']], no: [['0.5500', '3.00']] } as const
const SESSION = 'a-session'

/** The markets A and B, both proven. */
export async function recordSpoken() {
  const { path, remove } = aFolder()
  const fold = new Fold({})
  const folder = `${path}/journal`
  const journal = await openJournal({
    disk: new FileDisk(),
    folder,
    environment: 'sim',
    clock: new SystemClock(),
    writer: 'test',
    commitIntervalMs: 1,
    bufferLimitBytes: 64 << 20,
    segmentBytes: 64 << 20,
    segmentAgeMs: 3_600_000,
    closeWithinMs: 1_000,
    context: () => encodeJson(describeContext(fold, SESSION)),
    onDurable: () => {},
    onEvent: () => {},
  })
  const tape = new Tape(journal, fold)
  tape.record(RECORD.SESSION, 0, encodeJson({ event: 'started', session: SESSION, version: 'test' }))
  tape.opened({ host: 'test', environment: 'sim', useYesPrice: false, firstSeq: 'one' })
  const params = { channels: ['orderbook_delta'], market_tickers: ['A', 'B'] }
  tape.sent(1, JSON.stringify({ id: 1, cmd: 'subscribe', params }))
  let seq = 0
  let commands = 1
  const frame = (text: string) => tape.frame(1, Buffer.from(text))
  const update = (action: string, market: string): number => {
    const sent = { sids: [1], action, market_tickers: [market] }
    tape.sent(1, JSON.stringify({ id: ++commands, cmd: 'update_subscription', params: sent }))
    return commands
  }
  frame(aSubscribed())
  for (const market of ['A', 'B']) frame(aSnapshot(++seq, market, TWO_SIDED))
  await journal.flush()
  const link = new SpokenLink(journal)
  const replica = await Replica.open({ folder, recorder: link })
  await until('the copy is live', () => replica.state === 'live' && replica.fold.markets().every(({ valid }) => valid))
  return {
    link,
    journal,
    replica,
    change: (market: string) => frame(aDelta(++seq, market, '0.4000', '1.00')),
    add(market: string) {
      update('add_markets', market)
      frame(aSnapshot(++seq, market, TWO_SIDED))
    },
    letGo(market: string) {
      const id = update('delete_markets', market)
      frame(JSON.stringify({ type: 'ok', id, sid: 1, seq: ++seq }))
    },
    async close() {
      await replica.close()
      await journal.close()
      remove()
    },
  }
}

type Places = Pick<Awaited<ReturnType<typeof openJournal>>, 'head' | 'durable'>

class SpokenLink implements RecorderLink {
  state: LinkState = 'following'
  silentMs = 0
  head: RecorderHead
  readonly identity
  readonly #places: Places
  readonly #listeners = new Set<() => void>()

  constructor(places: Places) {
    this.#places = places
    this.head = { head: places.durable, durable: places.durable, headMs: Date.now(), waitingMs: undefined }
    this.identity = { environment: 'sim', version: 'test', pid: 1, session: SESSION, journal: 'test' } as const
  }

  /** What a heartbeat says. */
  say(): void {
    const { head, durable } = this.#places
    this.head = { head, durable, headMs: Date.now(), waitingMs: undefined }
    this.tell()
  }

  /** Says what {@link head} was set to. */
  tell(): void {
    for (const each of [...this.#listeners]) each()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
  }
}
