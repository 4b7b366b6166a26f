/**
 * The tables that COPY fills: their columns in the order of the fields, and a row of each as the fold hands it over.
 * Units and clocks stand with the columns in schema/migrations. What changes a row later is not here (row-batch.ts).
 */
import type { Levels, Side } from '#domain'
import type { Asked, Gap, Place, Validity } from '#ledger'
import type { CopyBinary } from './copy-binary.ts'

/** What a table of the journal's rows is called, and what COPY names in parentheses. */
export type CopyTable = { readonly name: string; readonly columns: readonly string[] }

/** Where a row's record stands, and when it came. */
export type Origin = Place

const table = (name: string, columns: string): CopyTable => ({ name, columns: columns.split(' ') })

export const DELTAS = table(
  'rl_orderbook_deltas',
  'received_ns exchange_ms offset seq change size_after segment market_id connection sid span price side',
)
export const SNAPSHOTS = table(
  'rl_orderbook_snapshots',
  'received_ns exchange_ms offset seq volume segment market_id connection sid kind known ' +
    'yes_bid no_bid spread yes_mid_twice yes_prices yes_sizes no_prices no_sizes',
)
export const TRADES = table(
  'rl_trades',
  'exchange_ms received_ns offset size segment market_id connection yes_price taker_side is_block trade_id',
)
export const TICKER = table(
  'rl_ticker',
  'received_ns exchange_ms offset segment market_id connection yes_bid yes_ask last',
)
export const GAPS = table(
  'rl_gaps',
  'journal_id found_segment found_offset found_ns market_id connection sid cause detail ' +
    'from_ns from_kind to_segment to_offset to_ns closed_by',
)
export const VALIDITY = table(
  'rl_validity',
  'market_id from_segment from_offset from_ns connection to_segment to_offset to_ns cause found_segment found_offset',
)
export const QUARANTINE = table(
  'rl_quarantine',
  'journal_id segment offset received_ns connection record_type reason at sqlstate raw',
)

/** One change of one level, or with conflation the sum of several. */
export type DeltaRow = {
  market: number
  connection: number
  sid: number
  seq: number
  side: Side
  price: number
  change: number
  /** `undefined` where the book was in doubt. */
  sizeAfter: number | undefined
  exchangeMs: number
  segment: number
  offset: number
  receivedNs: bigint
  /** Bytes of the journal from the first change in the row to its last; 0 for a single one. */
  span: number
}

export function writeDelta(copy: CopyBinary, row: DeltaRow): string | undefined {
  copy.begin(13)
  copy.bigint('received_ns', row.receivedNs)
  copy.int8('exchange_ms', row.exchangeMs)
  copy.int8('offset', row.offset)
  copy.int8('seq', row.seq)
  copy.int8('change', row.change)
  copy.int8('size_after', row.sizeAfter)
  copy.int4('segment', row.segment)
  copy.int4('market_id', row.market)
  copy.int4('connection', row.connection)
  copy.int4('sid', row.sid)
  copy.int4('span', row.span)
  copy.int2('price', row.price)
  copy.int2('side', row.side)
  return copy.end()
}

/** `AUDIT`: a snapshot frame that was compared with our book, differed and did not take its place. */
export const SNAPSHOT_KIND = { FRAME: 0, CHECKPOINT: 1, AUDIT: 2 } as const

/** A whole book: a snapshot frame, or a checkpoint of the recorder. */
export type SnapshotRow = {
  readonly market: number
  readonly connection: number
  readonly sid: number
  readonly seq: number
  readonly kind: (typeof SNAPSHOT_KIND)[keyof typeof SNAPSHOT_KIND]
  /** `false`: the exchange does not know the ticker, or it is an audit; the row is no book to build on. */
  readonly known: boolean
  readonly exchangeMs: number
  readonly levels: Levels
}

export function writeSnapshot(copy: CopyBinary, row: SnapshotRow, origin: Origin): string | undefined {
  const { yes, no } = row.levels
  const yesBid = yes.at(-1)?.[0]
  const noBid = no.at(-1)?.[0]
  const isTwoSided = yesBid !== undefined && noBid !== undefined
  let volume = 0
  for (const [, size] of yes) volume += size
  for (const [, size] of no) volume += size
  copy.begin(19)
  copy.bigint('received_ns', origin.receivedNs)
  copy.int8('exchange_ms', row.exchangeMs)
  copy.int8('offset', origin.offset)
  copy.int8('seq', row.seq)
  copy.int8('volume', volume)
  copy.int4('segment', origin.segment)
  copy.int4('market_id', row.market)
  copy.int4('connection', row.connection)
  copy.int4('sid', row.sid)
  copy.int2('kind', row.kind)
  copy.bool(row.known)
  copy.int2('yes_bid', yesBid)
  copy.int2('no_bid', noBid)
  copy.int2('spread', isTwoSided ? ONE_DOLLAR - noBid - yesBid : undefined)
  copy.int2('yes_mid_twice', isTwoSided ? yesBid + ONE_DOLLAR - noBid : undefined)
  copy.int2Array(
    'yes_prices',
    yes.map(([price]) => price),
  )
  copy.int8Array(
    'yes_sizes',
    yes.map(([, size]) => size),
  )
  copy.int2Array(
    'no_prices',
    no.map(([price]) => price),
  )
  copy.int8Array(
    'no_sizes',
    no.map(([, size]) => size),
  )
  return copy.end()
}

const ONE_DOLLAR = 10_000

export type TradeRow = {
  readonly market: number
  readonly connection: number
  readonly tradeId: string
  readonly yesPrice: number
  readonly size: number
  readonly takerSide: Side | undefined
  readonly isBlock: boolean
  readonly exchangeMs: number
}

export function writeTrade(copy: CopyBinary, row: TradeRow, origin: Origin): string | undefined {
  copy.begin(11)
  copy.int8('exchange_ms', row.exchangeMs)
  copy.bigint('received_ns', origin.receivedNs)
  copy.int8('offset', origin.offset)
  copy.int8('size', row.size)
  copy.int4('segment', origin.segment)
  copy.int4('market_id', row.market)
  copy.int4('connection', row.connection)
  copy.int2('yes_price', row.yesPrice)
  copy.int2('taker_side', row.takerSide)
  copy.bool(row.isBlock)
  copy.text('trade_id', row.tradeId)
  return copy.end()
}

export type TickerRow = {
  readonly market: number
  readonly connection: number
  readonly yesBid: number | undefined
  readonly yesAsk: number | undefined
  readonly last: number | undefined
  readonly exchangeMs: number
}

export function writeTicker(copy: CopyBinary, row: TickerRow, origin: Origin): string | undefined {
  copy.begin(9)
  copy.bigint('received_ns', origin.receivedNs)
  copy.int8('exchange_ms', row.exchangeMs)
  copy.int8('offset', origin.offset)
  copy.int4('segment', origin.segment)
  copy.int4('market_id', row.market)
  copy.int4('connection', row.connection)
  copy.int2('yes_bid', row.yesBid)
  copy.int2('yes_ask', row.yesAsk)
  copy.int2('last', row.last)
  return copy.end()
}

/** A market's part of a hole. */
export type GapRow = Gap<number>

export function writeGap(copy: CopyBinary, journal: number, row: GapRow): string | undefined {
  copy.begin(15)
  copy.int4('journal_id', journal)
  copy.int4('found_segment', row.found.segment)
  copy.int8('found_offset', row.found.offset)
  copy.bigint('found_ns', row.found.receivedNs)
  copy.int4('market_id', row.market)
  copy.int4('connection', row.connection)
  copy.int4('sid', row.sid)
  copy.text('cause', row.cause)
  copy.text('detail', row.detail)
  copy.bigint('from_ns', row.fromNs)
  copy.text('from_kind', row.fromKind)
  copy.int4('to_segment', row.to?.segment)
  copy.int8('to_offset', row.to?.offset)
  copy.bigint('to_ns', row.to?.receivedNs)
  copy.text('closed_by', row.closedBy)
  return copy.end()
}

/** An interval in which a market's book may be believed. */
export type ValidityRow = Validity<number>

/** When a market was asked for. */
export type CoverageRow = Asked<number>

export function writeValidity(copy: CopyBinary, row: ValidityRow): string | undefined {
  copy.begin(11)
  copy.int4('market_id', row.market)
  copy.int4('from_segment', row.from.segment)
  copy.int8('from_offset', row.from.offset)
  copy.bigint('from_ns', row.from.receivedNs)
  copy.int4('connection', row.connection)
  copy.int4('to_segment', row.to?.segment)
  copy.int8('to_offset', row.to?.offset)
  copy.bigint('to_ns', row.to?.receivedNs)
  copy.text('cause', row.cause)
  copy.int4('found_segment', row.found?.segment)
  copy.int8('found_offset', row.found?.offset)
  return copy.end()
}

/** A record that could not become a row, with its bytes. */
export type QuarantineRow = {
  readonly connection: number
  readonly recordType: number
  readonly reason: string
  /** The field that was wrong. */
  readonly at: string | undefined
  /** What PostgreSQL called it, where it was PostgreSQL that refused. */
  readonly sqlState: string | undefined
  readonly raw: Uint8Array
}

export function writeQuarantine(
  copy: CopyBinary,
  journal: number,
  row: QuarantineRow,
  origin: Origin,
): string | undefined {
  copy.begin(10)
  copy.int4('journal_id', journal)
  copy.int4('segment', origin.segment)
  copy.int8('offset', origin.offset)
  copy.bigint('received_ns', origin.receivedNs)
  copy.int4('connection', row.connection | 0)
  copy.int2('record_type', row.recordType)
  copy.text('reason', withoutNul(row.reason))
  copy.text('at', row.at === undefined ? undefined : withoutNul(row.at))
  copy.text('sqlstate', row.sqlState)
  copy.bytea(row.raw)
  return copy.end()
}

/** PostgreSQL's text cannot hold a NUL; U+FFFD stands for it where the raw bytes are kept beside the text. */
export const withoutNul = (text: string): string => text.replaceAll('\0', '�')
