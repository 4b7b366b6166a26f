/**
 * Counts fields and frame types that this program does not know: Kalshi changes its frames about once a month, and a
 * reader that drops what it does not know without a word has cost others all their trades. Counts only; the frames stay
 * whole in the journal. Bounded: past {@link NAMES_MAX} names the rest are counted together.
 */
import type { Json } from './json.ts'
import { isJson } from './json.ts'

export const NAMES_MAX = 500
/** A frame may have 16 MiB, and all of it may be one name. */
export const NAME_CHARACTERS_MAX = 100

export class FieldCensus {
  readonly #counts = new Map<string, number>()

  /** To be given to `decodeFrame` as its watch. */
  readonly watch = (type: string, frame: Json): void => {
    const known = KNOWN.get(type)
    if (known === undefined) return
    for (const key in frame) if (!ENVELOPE.has(key)) this.#count(`${type}.${key}`)
    const msg = frame['msg']
    if (isJson(msg)) for (const key in msg) if (!known.has(key)) this.#count(`${type}.msg.${key}`)
  }

  countType(name: string): void {
    this.#count(`type ${name}`)
  }

  /** `orderbook_delta.msg.new_field` → frames that carried it. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  #count(full: string): void {
    const name = full.slice(0, NAME_CHARACTERS_MAX)
    const key = this.#counts.has(name) || this.#counts.size < NAMES_MAX ? name : 'others'
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

const ENVELOPE = words('type sid seq id msg sending_ts_ms market_tickers')

/** Field names of the AsyncAPI text and of recorded frames (docs/wire.md, read 2026-11). */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'orderbook_delta',
    words('market_ticker market_id price_dollars delta_fp side ts ts_ms client_order_id subaccount price delta'),
  ],
  ['orderbook_snapshot', words('market_ticker market_id yes_dollars_fp no_dollars_fp yes no yes_dollars no_dollars')],
  [
    'trade',
    words(
      'trade_id market_ticker yes_price_dollars no_price_dollars count_fp taker_side taker_outcome_side taker_book_side is_block_trade ts ts_ms yes_price no_price count',
    ),
  ],
  [
    'ticker',
    words(
      'market_id market_ticker price_dollars yes_bid_dollars yes_ask_dollars yes_bid_size_fp yes_ask_size_fp last_trade_size_fp volume_fp open_interest_fp dollar_volume dollar_open_interest ts ts_ms time Clock price yes_bid yes_ask volume open_interest',
    ),
  ],
  ['subscribed', words('channel sid')],
  ['ok', words('market_tickers market_ids')],
  ['unsubscribed', words('')],
  ['error', words('code msg market_ticker market_tickers market_id')],
])
