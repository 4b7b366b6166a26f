/** Builders of frames as text, for tests that drive the fold or a session by hand. Prices and sizes as Kalshi writes them. */
type Levels = readonly (readonly [price: string, size: string])[]

const text = (frame: object) => `${JSON.stringify(frame)}\n`

export const bytesOf = (frame: string): Uint8Array => Buffer.from(frame)

export const aDelta = (
  seq: number,
  market: string,
  price: string,
  change: string,
  options: { sid?: number; side?: 'yes' | 'no'; ms?: number } = {},
) =>
  text({
    type: 'orderbook_delta',
    sid: options.sid ?? 1,
    seq,
    msg: {
      market_ticker: market,
      market_id: `id-${market}`,
      price_dollars: price,
      delta_fp: change,
      side: options.side ?? 'yes',
      ts_ms: options.ms ?? 1000,
    },
  })

export const aSnapshot = (
  seq: number,
  market: string,
  sides: { yes?: Levels; no?: Levels; sid?: number; marketId?: string; id?: number } = {},
) =>
  text({
    type: 'orderbook_snapshot',
    ...(sides.id === undefined ? {} : { id: sides.id }),
    sid: sides.sid ?? 1,
    seq,
    msg: {
      market_ticker: market,
      market_id: sides.marketId ?? `id-${market}`,
      ...(sides.yes === undefined ? {} : { yes_dollars_fp: sides.yes }),
      ...(sides.no === undefined ? {} : { no_dollars_fp: sides.no }),
    },
  })

export const aSubscribed = (sid = 1, channel = 'orderbook_delta', id = 1) =>
  text({ type: 'subscribed', id, msg: { channel, sid } })

export const anOk = (seq: number, id = 2, sid = 1) => text({ type: 'ok', id, sid, seq })

export const anError = (code: number, options: { id?: number; sid?: number; seq?: number } = {}) =>
  text({ type: 'error', ...options, msg: { code, msg: `error ${code}` } })
