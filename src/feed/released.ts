/**
 * Markets that a connection let go. A snapshot of one that was on its way proves nothing: the exchange tells nothing of
 * that market any more, so its book would stand still and be believed.
 *
 * A market asked for again counts as released until the exchange has answered every `delete_markets` that named it: what
 * comes before may be from before. Should its new snapshot come first, it is passed over, and the session asks again.
 */
import type { ContextReleased } from '#domain'

export class Released {
  readonly #markets = new Set<string>()
  /** Markets released and asked for again, while a delete of them is unanswered. */
  readonly #wantedAgain = new Set<string>()
  /** Unanswered deletes by the id of their command. */
  readonly #deletes = new Map<number, readonly string[]>()

  has(market: string): boolean {
    return this.#markets.has(market)
  }

  /** A `delete_markets` was sent; `id` is `undefined` when it has none, and then counts as answered. */
  release(id: number | undefined, markets: readonly string[]): void {
    if (id !== undefined) this.#deletes.set(id, markets)
    for (const market of markets) {
      this.#markets.add(market)
      this.#wantedAgain.delete(market)
    }
  }

  /** The market was asked for again. */
  take(market: string): void {
    if (!this.#markets.has(market)) return
    if (this.#isDeleting(market)) this.#wantedAgain.add(market)
    else this.#markets.delete(market)
  }

  /** A command was answered, well or not. */
  answered(id: number | undefined): void {
    const markets = id === undefined ? undefined : this.#deletes.get(id)
    if (id === undefined || markets === undefined) return
    this.#deletes.delete(id)
    for (const market of markets) {
      if (!this.#wantedAgain.has(market) || this.#isDeleting(market)) continue
      this.#wantedAgain.delete(market)
      this.#markets.delete(market)
    }
  }

  /** For a segment's context. */
  describe(): ContextReleased {
    const deletes = [...this.#deletes].map(([id, markets]) => ({ id, markets }))
    return { released: [...this.#markets], wantedAgain: [...this.#wantedAgain], deletes }
  }

  /** The inverse of {@link describe}. */
  resume(known: ContextReleased): void {
    for (const market of known.released) this.#markets.add(market)
    for (const market of known.wantedAgain) this.#wantedAgain.add(market)
    for (const { id, markets } of known.deletes) this.#deletes.set(id, markets)
  }

  #isDeleting(market: string): boolean {
    for (const markets of this.#deletes.values()) if (markets.includes(market)) return true
    return false
  }
}
