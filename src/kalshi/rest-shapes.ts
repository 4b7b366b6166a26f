/**
 * REST bodies, checked at the edge and turned into our words: integers for prices and sizes, levels in ascending order.
 *
 * Fields come and go about once a month: only what a market cannot be without is required, what we do not know is kept
 * in `raw`, and one market that cannot be read does not cost the others of its page. Shapes: OpenAPI 3.30.0 (2026-09)
 * and bodies recorded in August 2026.
 */

import { z } from 'zod'
import {
  byPrice,
  type CentiCents,
  type CentiContracts,
  isBookPrice,
  type Level,
  type Levels,
  parseContracts,
  parseDollars,
} from '#domain'

const dollars = z
  .string()
  .transform((text, context) => toUnit(parseDollars(text), context, 'dollars with at most four decimals'))
const contracts = z
  .string()
  .transform((text, context) => toUnit(parseContracts(text), context, 'contracts with at most two decimals'))

function toUnit<T>(value: T | undefined, context: z.RefinementCtx, needed: string): T {
  if (value !== undefined) return value
  context.addIssue({ code: 'custom', message: `needed ${needed}` })
  return z.NEVER
}

/** Absent, `null` and `""` all say that there is no value: the exchange has sent each where its own document forbids it. */
const maybe = <T extends z.ZodType>(kind: T) =>
  z.preprocess((value) => (value === null || value === '' ? undefined : value), kind.optional())

const priceRange = z.looseObject({ start: dollars, end: dollars, step: dollars })

const market = z.looseObject({
  ticker: z.string().min(1),
  status: z.string(),
  event_ticker: maybe(z.string()),
  exchange_index: maybe(z.int()),
  yes_bid_dollars: maybe(dollars),
  yes_ask_dollars: maybe(dollars),
  no_bid_dollars: maybe(dollars),
  no_ask_dollars: maybe(dollars),
  last_price_dollars: maybe(dollars),
  volume_fp: maybe(contracts),
  volume_24h_fp: maybe(contracts),
  open_interest_fp: maybe(contracts),
  price_level_structure: maybe(z.string()),
  price_ranges: maybe(z.array(priceRange)),
  open_time: maybe(z.string()),
  close_time: maybe(z.string()),
  result: maybe(z.string()),
  title: maybe(z.string()),
})

/** A band of prices and the step between two prices in it. */
export type PriceRange = { readonly start: CentiCents; readonly end: CentiCents; readonly step: CentiCents }

export type RestMarket = {
  readonly ticker: string
  /** Kalshi's word: `initialized`, `active`, `closed`, `finalized` and others. The filter `open` finds `active`. */
  readonly status: string
  readonly eventTicker: string | undefined
  /** The shard that it trades on. */
  readonly exchangeIndex: number | undefined
  /** Of the best levels; 0 for a bid and {@link ONE_DOLLAR} for an ask say that there is none. */
  readonly yesBid: CentiCents | undefined
  readonly yesAsk: CentiCents | undefined
  readonly noBid: CentiCents | undefined
  readonly noAsk: CentiCents | undefined
  /** Of the last trade; 0 when there was none. */
  readonly lastPrice: CentiCents | undefined
  /** Contracts traded since it opened, and in the last day. */
  readonly volume: CentiContracts | undefined
  readonly volumeDay: CentiContracts | undefined
  readonly openInterest: CentiContracts | undefined
  readonly priceRanges: readonly PriceRange[]
  /** A label only: {@link RestMarket.priceRanges} is the truth. */
  readonly priceLevelStructure: string | undefined
  /** RFC 3339. */
  readonly openTime: string | undefined
  readonly closeTime: string | undefined
  readonly result: string | undefined
  readonly title: string | undefined
  /** The object as it came, with the fields that we do not know. */
  readonly raw: Readonly<Record<string, unknown>>
}

/** Something in a body that could not be read: where it stood, and what was wrong. */
export type Malformed = { readonly at: string; readonly fault: string }

export type Read<T> = { readonly kind: 'read'; readonly value: T } | ({ readonly kind: 'malformed' } & Malformed)

export function readMarket(raw: unknown, at = 'market'): Read<RestMarket> {
  const parsed = market.safeParse(raw)
  if (!parsed.success) return malformed(at, parsed.error)
  const read = parsed.data
  return {
    kind: 'read',
    value: {
      ticker: read.ticker,
      status: read.status,
      eventTicker: read.event_ticker,
      exchangeIndex: read.exchange_index,
      yesBid: read.yes_bid_dollars,
      yesAsk: read.yes_ask_dollars,
      noBid: read.no_bid_dollars,
      noAsk: read.no_ask_dollars,
      lastPrice: read.last_price_dollars,
      volume: read.volume_fp,
      volumeDay: read.volume_24h_fp,
      openInterest: read.open_interest_fp,
      priceRanges: (read.price_ranges ?? []).map(({ start, end, step }) => ({ start, end, step })),
      priceLevelStructure: read.price_level_structure,
      openTime: read.open_time,
      closeTime: read.close_time,
      result: read.result,
      title: read.title,
      raw: raw as Record<string, unknown>,
    },
  }
}

export type MarketPage = {
  readonly markets: readonly RestMarket[]
  readonly malformed: readonly Malformed[]
  /** Where the next page begins; `undefined` after the last. */
  readonly cursor: string | undefined
}

const marketPage = z.looseObject({ markets: z.array(z.unknown()), cursor: maybe(z.string()) })

export function readMarketPage(raw: unknown): Read<MarketPage> {
  const parsed = marketPage.safeParse(raw)
  if (!parsed.success) return malformed('markets', parsed.error)
  const each = parsed.data.markets.map((one, index) => readMarket(one, `markets[${index}]`))
  return {
    kind: 'read',
    value: {
      markets: each.flatMap((one) => (one.kind === 'read' ? [one.value] : [])),
      malformed: each.flatMap((one) => (one.kind === 'malformed' ? [{ at: one.at, fault: one.fault }] : [])),
      cursor: parsed.data.cursor,
    },
  }
}

const singleMarket = z.looseObject({ market: z.unknown() })

export function readSingleMarket(raw: unknown): Read<RestMarket> {
  const parsed = singleMarket.safeParse(raw)
  return parsed.success ? readMarket(parsed.data.market) : malformed('market', parsed.error)
}

const level = z.tuple([
  dollars.refine(isBookPrice, 'needed a price between 0 and 1'),
  contracts.refine((size) => size > 0, 'needed a size above 0'),
])
const ladder = maybe(z.array(level))

/**
 * A book's body. A side that is absent, `null` or empty has no levels; the key `orderbook_fp` itself must be there, since
 * a client that read another key saw every book as empty.
 */
const bookBody = z.looseObject({ orderbook_fp: z.looseObject({ yes_dollars: ladder, no_dollars: ladder }) })

export function readBook(raw: unknown, at = 'orderbook'): Read<Levels> {
  const parsed = bookBody.safeParse(raw)
  if (!parsed.success) return malformed(at, parsed.error)
  const { yes_dollars: yes, no_dollars: no } = parsed.data.orderbook_fp
  const value = { yes: sorted(yes ?? []), no: sorted(no ?? []) }
  for (const [side, levels] of Object.entries(value)) {
    if (levels.some(([price], index) => price === levels[index - 1]?.[0])) {
      return { kind: 'malformed', at: `${at}.${side}`, fault: 'one price stands there twice' }
    }
  }
  return { kind: 'read', value }
}

const sorted = (levels: readonly (readonly [CentiCents, CentiContracts])[]): readonly Level[] =>
  [...levels].sort(byPrice)

export type BookPage = { readonly books: ReadonlyMap<string, Levels>; readonly malformed: readonly Malformed[] }

const bookPage = z.looseObject({ orderbooks: z.array(z.looseObject({ ticker: z.string() })) })

export function readBookPage(raw: unknown): Read<BookPage> {
  const parsed = bookPage.safeParse(raw)
  if (!parsed.success) return malformed('orderbooks', parsed.error)
  const books = new Map<string, Levels>()
  const faults: Malformed[] = []
  for (const one of parsed.data.orderbooks) {
    const book = readBook(one, `orderbooks.${one.ticker}`)
    if (book.kind === 'read') books.set(one.ticker, book.value)
    else faults.push({ at: book.at, fault: book.fault })
  }
  return { kind: 'read', value: { books, malformed: faults } }
}

export type ExchangeStatus = {
  readonly exchangeActive: boolean
  readonly tradingActive: boolean
  /** RFC 3339; absent when the exchange does not say. */
  readonly resumesAt: string | undefined
  readonly raw: Readonly<Record<string, unknown>>
}

const status = z.looseObject({
  exchange_active: z.boolean(),
  trading_active: z.boolean(),
  exchange_estimated_resume_time: maybe(z.string()),
})

export function readStatus(raw: unknown): Read<ExchangeStatus> {
  const parsed = status.safeParse(raw)
  if (!parsed.success) return malformed('status', parsed.error)
  const {
    exchange_active: exchangeActive,
    trading_active: tradingActive,
    exchange_estimated_resume_time: resumesAt,
  } = parsed.data
  return { kind: 'read', value: { exchangeActive, tradingActive, resumesAt, raw: parsed.data } }
}

function malformed(at: string, error: z.ZodError): { kind: 'malformed' } & Malformed {
  const { path, message } = error.issues[0]!
  return { kind: 'malformed', at: [at, ...path.map(String)].join('.'), fault: message.replace(/^N/, 'n') }
}
