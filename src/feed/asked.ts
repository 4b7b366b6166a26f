/**
 * The markets that a connection asked for on the order-book channel, and how far each has come.
 *
 *   ask ──► awaiting ──first snapshot──► held ──delete sent──► leaving ──answered──► (gone)
 *                ▲                                                │ ask
 *                └───────────── every delete answered ──── again ◄┘
 *
 * Only a market that is awaited or held can be proven. A snapshot of one that was let go proves nothing: the exchange tells
 * nothing of it any more, so its book would stand still and be believed. A market asked for again is awaited only when the
 * exchange has answered every `delete_markets` that named it: what comes before may be from before. Should its new snapshot
 * come first, it is passed over, and the session asks again.
 */
import type { ContextAsked } from '#domain'

type State = 'awaiting' | 'held' | 'leaving' | 'again'

export class Asked {
  readonly #states = new Map<string, State>()
  /** Unanswered deletes by the id of their command. */
  readonly #deletes = new Map<number, readonly string[]>()
  #awaiting = 0

  /** Markets whose first snapshot has not come. */
  get awaiting(): number {
    return this.#awaiting
  }

  has(market: string): boolean {
    return this.#states.has(market)
  }

  isAwaiting(market: string): boolean {
    return this.#states.get(market) === 'awaiting'
  }

  /** All of them, those on their way out included. */
  tickers(): Iterable<string> {
    return this.#states.keys()
  }

  ask(market: string): void {
    const state = this.#states.get(market)
    if (state === undefined) this.#become(market, 'awaiting')
    if (state === 'leaving') this.#become(market, 'again')
  }

  /** A `delete_markets` was sent. Without an id its answer cannot be told, and the markets stay `leaving`. */
  letGo(id: number | undefined, markets: readonly string[]): void {
    const known = markets.filter((each) => this.#states.has(each))
    if (id !== undefined) this.#deletes.set(id, known)
    for (const market of known) this.#become(market, 'leaving')
  }

  /** A command was answered, well or not. The markets that are gone with it. */
  answered(id: number | undefined): string[] {
    const markets = id === undefined ? undefined : this.#deletes.get(id)
    if (id === undefined || markets === undefined) return []
    this.#deletes.delete(id)
    const gone: string[] = []
    for (const market of markets) {
      if (this.#isDeleting(market)) continue
      if (this.#states.get(market) === 'again') this.#become(market, 'awaiting')
      if (this.#states.get(market) === 'leaving') gone.push(market)
    }
    this.drop(gone)
    return gone
  }

  /** A market's snapshot came: its first, a later one, or one that proves nothing. */
  arrived(market: string): 'first' | 'later' | 'unasked' {
    const state = this.#states.get(market)
    if (state === 'held') return 'later'
    if (state !== 'awaiting') return 'unasked'
    this.#become(market, 'held')
    return 'first'
  }

  /** Markets that will not come, and nothing is said about them any more. */
  drop(markets: readonly string[]): void {
    for (const market of markets) {
      if (this.#states.get(market) === 'awaiting') this.#awaiting--
      this.#states.delete(market)
    }
  }

  /** Those still awaited may come later or not: nobody waits for them. */
  stopWaiting(): void {
    for (const [market, state] of this.#states) if (state === 'awaiting') this.#become(market, 'held')
  }

  /** For a segment's context. */
  describe(): ContextAsked {
    const inState = (wanted: State) =>
      [...this.#states].flatMap(([market, state]) => (state === wanted ? [market] : []))
    return {
      awaiting: inState('awaiting'),
      held: inState('held'),
      leaving: inState('leaving'),
      again: inState('again'),
      deletes: [...this.#deletes].map(([id, markets]) => ({ id, markets })),
    }
  }

  /** The inverse of {@link describe}. */
  resume({ deletes = [], ...states }: Partial<ContextAsked>): void {
    for (const state of ['awaiting', 'held', 'leaving', 'again'] as const) {
      for (const market of states[state] ?? []) this.#become(market, state)
    }
    for (const { id, markets } of deletes) this.#deletes.set(id, markets)
  }

  #become(market: string, state: State): void {
    if (this.#states.get(market) === 'awaiting') this.#awaiting--
    if (state === 'awaiting') this.#awaiting++
    this.#states.set(market, state)
  }

  #isDeleting(market: string): boolean {
    for (const markets of this.#deletes.values()) if (markets.includes(market)) return true
    return false
  }
}
