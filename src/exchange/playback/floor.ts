/**
 * The trading floor: every ticker listed, who subscribes to it, and its book as the clock stands.
 *
 * With copies each market of the capture is listed under several tickers; they share one book, since they live through
 * the same events.
 */
import { type Book, emptyBook } from '../ladder.ts'
import { deriveUuid } from '../uuid.ts'
import type { Subscriber } from '../venue.ts'
import { CHANNELS, type Channel } from '../wire/protocol.ts'
import type { Message } from './message.ts'
import type { Tape, TapeMarket } from './tape.ts'

/** One market of the capture as it is now. */
export type Market = {
  readonly tape: TapeMarket
  readonly book: Book
  readonly listings: readonly Listing[]
  /** The last `ticker` played, for `send_initial_snapshot`. */
  lastTicker: Message | undefined
  isClosed: boolean
}

/** One ticker on the exchange. */
export type Listing = {
  readonly ticker: string
  readonly marketId: string
  /** 0 for the market itself, 1 for its first copy. */
  readonly copy: number
  readonly market: Market
  readonly subscribers: Readonly<Record<Channel, Set<Subscriber>>>
}

export class Floor {
  readonly markets: readonly Market[]
  readonly listings: readonly Listing[]
  readonly copies: number
  readonly #byTicker = new Map<string, Listing>()
  readonly #byMarketId = new Map<string, Listing>()

  constructor(tape: Tape, copies: number) {
    this.copies = copies
    this.markets = tape.markets.map((market) => listMarket(market, copies))
    this.listings = this.markets.flatMap((market) => market.listings)
    for (const listing of this.listings) {
      this.#byTicker.set(listing.ticker, listing)
      if (listing.marketId !== '') this.#byMarketId.set(listing.marketId, listing)
    }
  }

  /** `undefined` for a ticker that is not listed. */
  listing(ticker: string): Listing | undefined {
    return this.#byTicker.get(ticker)
  }

  listingById(marketId: string): Listing | undefined {
    return this.#byMarketId.get(marketId)
  }
}

function listMarket(tape: TapeMarket, copies: number): Market {
  const listings: Listing[] = []
  const market: Market = { tape, book: emptyBook(), listings, lastTicker: undefined, isClosed: false }
  for (let copy = 0; copy < copies; copy++) {
    const ticker = copy === 0 ? tape.ticker : `${tape.ticker}-C${copy + 1}`
    const marketId = copy === 0 && tape.marketId !== '' ? tape.marketId : deriveUuid(ticker)
    listings.push({ ticker, marketId, copy, market, subscribers: noSubscribers() })
  }
  return market
}

const noSubscribers = (): Record<Channel, Set<Subscriber>> =>
  Object.fromEntries(CHANNELS.map((channel) => [channel, new Set<Subscriber>()])) as Record<Channel, Set<Subscriber>>
