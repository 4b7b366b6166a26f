/**
 * A market as REST shows it: the fields of today's market object (recorded bodies of 2026-08), made from the capture
 * and the book as the clock stands. What a capture cannot know is empty, zero or far away, never guessed at.
 */
import { type CentiCents, type CentiContracts, complement, formatContracts, formatDollars, ONE_DOLLAR } from '#domain'
import { type Book, bestPrice } from '../ladder.ts'
import type { Listing } from './floor.ts'
import { inferGrid, type PriceGrid } from './grid.ts'
import type { TapeMarket } from './tape.ts'

const FAR_AWAY = '2099-12-31T00:00:00Z'
export const FAR_AWAY_MS = Date.parse(FAR_AWAY)

export const statusOf = (listing: Listing): 'active' | 'closed' => (listing.market.isClosed ? 'closed' : 'active')

/** `KXDEMO-A-B` belongs to the event `KXDEMO-A`; a ticker without a dash is its own event. */
export const eventOf = ({ market }: Listing): string => {
  const { ticker } = market.tape
  const dash = ticker.lastIndexOf('-')
  return dash > 0 ? ticker.slice(0, dash) : ticker
}

export const seriesOf = ({ market }: Listing): string => market.tape.ticker.split('-')[0] as string

export function describeMarket(listing: Listing, book: Book, openedMs: number): Readonly<Record<string, unknown>> {
  const { tape } = listing.market
  const yesBid = bestPrice(book.yes)
  const noBid = bestPrice(book.no)
  const opened = new Date(openedMs).toISOString()
  return {
    can_close_early: true,
    close_time: FAR_AWAY,
    created_time: opened,
    event_ticker: eventOf(listing),
    exchange_index: 0,
    expected_expiration_time: FAR_AWAY,
    expiration_time: FAR_AWAY,
    expiration_value: '',
    last_price_dollars: '0.0000',
    latest_expiration_time: FAR_AWAY,
    liquidity_dollars: '0.0000',
    market_type: 'binary',
    no_ask_dollars: askFrom(yesBid),
    no_bid_dollars: bidFrom(noBid),
    no_sub_title: 'No',
    notional_value_dollars: '1.0000',
    open_interest_fp: formatContracts(tape.openInterest as CentiContracts),
    open_time: opened,
    previous_price_dollars: '0.0000',
    previous_yes_ask_dollars: '0.0000',
    previous_yes_bid_dollars: '0.0000',
    ...gridOf(tape),
    result: '',
    rules_primary: '',
    rules_secondary: '',
    settlement_timer_seconds: 300,
    status: statusOf(listing),
    strike_type: 'custom',
    ticker: listing.ticker,
    title: `${listing.ticker}, played from a capture`,
    updated_time: opened,
    volume_24h_fp: formatContracts(tape.volume as CentiContracts),
    volume_fp: formatContracts(tape.volume as CentiContracts),
    yes_ask_dollars: askFrom(noBid),
    yes_ask_size_fp: sizeAt(book.no, noBid),
    yes_bid_dollars: bidFrom(yesBid),
    yes_bid_size_fp: sizeAt(book.yes, yesBid),
    yes_sub_title: 'Yes',
  }
}

const bidFrom = (bid: CentiCents | undefined): string => formatDollars((bid ?? 0) as CentiCents)

/** Nobody bids on the other side: the ask is a dollar, as recorded bodies have it. */
const askFrom = (otherBid: CentiCents | undefined): string =>
  formatDollars(otherBid === undefined ? ONE_DOLLAR : complement(otherBid))

const sizeAt = (ladder: Book['yes'], price: CentiCents | undefined): string =>
  formatContracts((price === undefined ? 0 : (ladder.get(price) ?? 0)) as CentiContracts)

const GRIDS = new WeakMap<TapeMarket, PriceGrid>()

function gridOf(tape: TapeMarket): PriceGrid {
  const known = GRIDS.get(tape)
  if (known !== undefined) return known
  const grid = inferGrid(tape.prices)
  GRIDS.set(tape, grid)
  return grid
}
