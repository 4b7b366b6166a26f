/**
 * S1: holds every valid book to two others. The exchange's own, as of the last number taken; and a reference that follows
 * what was delivered with plain Maps, knows nothing after a break but what a snapshot tells, and notices a change that
 * cannot be: less than nothing, or a book still crossed when the moment that crossed it is over. Where the exchange keeps a change from us, the reference alone can say what is right.
 */
import type { Fold, Market } from '#feed'
import type { Sent, SimulatedExchange } from './exchange.ts'
import type { Verdicts } from './invariants.ts'
import type { Numbers, Verdict } from './numbers.ts'
import { PlainBook, textOf } from './plain-book.ts'

type Reference = {
  book: PlainBook
  isKnown: boolean
  /** What came that cannot be; `undefined` while nothing did. */
  impossible: string | undefined
  /** A frame that nobody can read came since: what is impossible after it may be its doing. */
  isBlind: boolean
  /** The group of its last change since its snapshot, Unix ms; 0 before the first. */
  groupMs: number
}

const BOOKS = 'orderbook_delta'

/** What a frame did to books, as it is taken. */
export type BooksTold = {
  /** It gives away that its market's book was wrong before it. */
  readonly impossible: (connection: number, frame: Sent) => void
  /** The books of these markets cannot be known any more. */
  readonly broken: (kind: 'break' | 'ended', markets: readonly string[]) => void
  /** Nobody can read it, or nobody can say what the book was before it. */
  readonly blind: (markets: readonly string[]) => void
}

export class Books {
  /** Valid books compared. */
  compared = 0
  readonly #verdicts: Verdicts
  readonly #exchange: SimulatedExchange
  readonly #numbers: Numbers
  readonly #told: BooksTold
  /** By connection and sid, then ticker. */
  readonly #references = new Map<string, Map<string, Reference>>()

  constructor(verdicts: Verdicts, exchange: SimulatedExchange, numbers: Numbers, told: BooksTold) {
    this.#told = told
    this.#verdicts = verdicts
    this.#exchange = exchange
    this.#numbers = numbers
  }

  forget(): void {
    this.#references.clear()
  }

  /** A frame was taken: the reference follows it. */
  taken(connection: number, frame: Sent, verdict: Verdict): void {
    if (frame.kind === 'subscribed' && frame.channel === BOOKS) {
      // Told twice, its count begins anew for whoever hears it.
      this.#told.broken('break', this.lost(connection))
    }
    const { sid, seq, market, kind } = frame
    // Nobody can read what it was for: it may have been of any book.
    if (frame.isSpoiled === true && sid === undefined) {
      for (const [key, references] of this.#references) if (key.startsWith(`${connection}:`)) this.#blind(references)
    }
    if (sid === undefined || seq === undefined || verdict === 'unplaced') return
    // An error ends its subscription, and comes late as well.
    if (verdict === 'repeat' && kind !== 'error') return
    const references = this.#referencesOf(connection, sid)
    if (verdict === 'break' || kind === 'error') {
      this.#told.broken(verdict === 'break' ? 'break' : 'ended', known(references))
      forgetAll(references)
    }
    if (kind === 'unknown') this.#blind(references)
    if (market === undefined || (kind !== 'snapshot' && kind !== 'delta')) return
    const told = this.#exchange.told(this.#numbers.peer(connection)!, sid, market, seq)
    if (told === undefined || told.seq !== seq) return
    if (told.what instanceof PlainBook) {
      references.set(market, {
        book: PlainBook.copyOf(told.what),
        isKnown: true,
        impossible: undefined,
        isBlind: false,
        groupMs: 0,
      })
      return
    }
    const reference = references.get(market)
    if (reference?.isKnown !== true || told.what === 'ended') {
      this.#told.blind([market])
      return
    }
    const { groupMs = 0 } = frame
    const before = reference.impossible
    const isNextGroup = reference.groupMs !== 0 && groupMs !== reference.groupMs
    if (isNextGroup && reference.book.isCrossed) reference.impossible ??= 'it was left crossed by an earlier group'
    reference.groupMs = groupMs
    if (reference.book.apply(told.what) < 0)
      reference.impossible ??= 'a change came that would have left less than nothing'
    if (reference.impossible !== undefined || reference.isBlind) this.#told.blind([market])
    if (reference.impossible !== before && !reference.isBlind) this.#told.impossible(connection, frame)
  }

  /** The connection is over: the markets whose books were known on it, which they are no longer. */
  lost(connection: number): string[] {
    const markets: string[] = []
    for (const [key, references] of this.#references) {
      if (!key.startsWith(`${connection}:`)) continue
      markets.push(...known(references))
      forgetAll(references)
    }
    return markets
  }

  /** The markets whose books are known now. */
  get known(): string[] {
    return [...this.#references.values()].flatMap(known)
  }

  checkAll(fold: Fold): void {
    for (const market of fold.markets()) this.check(market)
  }

  check(market: Market | undefined): void {
    if (market === undefined || !market.valid) return
    this.compared++
    const wrong = this.#wrong(market)
    if (wrong !== undefined) this.#verdicts.broken('S1', `${market.ticker} is shown as valid, and ${wrong}`)
  }

  #wrong({ ticker, source, book }: Market): string | undefined {
    if (source === undefined) return 'follows no subscription'
    const { connectionId, sid } = source
    const peer = this.#numbers.peer(connectionId)
    const count = this.#numbers.count(connectionId, sid)
    if (peer === undefined || count === undefined) return `connection ${connectionId} is gone`
    const reference = this.#references.get(`${connectionId}:${sid}`)?.get(ticker)
    if (reference?.isKnown !== true) return 'had no snapshot since its subscription was broken'
    if (reference.impossible !== undefined) return reference.impossible
    const told = this.#exchange.told(peer, sid, ticker, count.last)
    if (told === undefined || told.what === 'ended') return 'is no longer subscribed'
    const right = told.text ?? reference.book.text()
    const { yes, no } = book.levels()
    const shown = `yes ${textOf([...yes])} no ${textOf([...no])}`
    return shown === right ? undefined : `at number ${count.last} shows\n  ${shown}\nand not\n  ${right}`
  }

  #blind(references: ReadonlyMap<string, Reference>): void {
    this.#told.blind([...references.keys()])
    for (const reference of references.values()) reference.isBlind = true
  }

  #referencesOf(connection: number, sid: number): Map<string, Reference> {
    const key = `${connection}:${sid}`
    const references = this.#references.get(key) ?? new Map<string, Reference>()
    this.#references.set(key, references)
    return references
  }
}

const known = (references: Map<string, Reference>): string[] =>
  [...references].filter(([, { isKnown }]) => isKnown).map(([market]) => market)

function forgetAll(references: Map<string, Reference>): void {
  for (const reference of references.values()) reference.isKnown = false
}
