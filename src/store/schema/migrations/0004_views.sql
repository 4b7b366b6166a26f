-- The recording for people, with market tickers, words, cents and contracts. Kalshi writes fixed-point numbers, and so do
-- these views: numeric, never floating point. Columns that a query does not ask for cost it nothing.
-- `valid` looks at the last interval of rl_validity that begins at or before the row: intervals of a market never overlap.

-- {"67": 120, "67.5": 3.5}: price in cents, size in contracts; `from_dollar` turns a NO price into the YES ask it is.
CREATE FUNCTION :"schema".rl_levels(prices smallint[], sizes bigint[], from_dollar boolean) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT coalesce(jsonb_object_agg(
    trim_scale((CASE WHEN $3 THEN 10000 - l.price ELSE l.price END)::numeric / 100)::text,
    trim_scale(l.size::numeric / 100)
  ), '{}')
  FROM unnest($1, $2) AS l (price, size)
);

CREATE VIEW :"schema".rl_orderbook_deltas_v AS
SELECT
  d.market_id,
  m.journal_id,
  m.ticker AS market_ticker,
  d.received_ns / 1000000 AS timestamp_ms,
  d.received_ns,
  nullif(d.exchange_ms, 0) AS exchange_ms,
  d.seq AS sequence_number,
  d.connection,
  d.sid,
  CASE d.side WHEN 0 THEN 'yes' ELSE 'no' END AS side,
  CASE
    WHEN d.size_after IS NULL THEN NULL
    WHEN d.change = 0 THEN 'update'
    WHEN d.size_after = 0 THEN 'remove'
    WHEN d.size_after = d.change THEN 'add'
    ELSE 'update'
  END AS action,
  CASE WHEN d.price % 100 = 0 THEN d.price / 100 END AS price,
  (d.price::numeric / 10000)::numeric(5, 4) AS price_dollars,
  ((d.size_after - d.change)::numeric / 100)::numeric(17, 2) AS old_size,
  (d.size_after::numeric / 100)::numeric(17, 2) AS new_size,
  (d.change::numeric / 100)::numeric(17, 2) AS change,
  d.span > 0 AS conflated,
  d.segment,
  d."offset",
  d."offset" - d.span AS first_offset,
  coalesce((
    SELECT v.to_segment IS NULL OR (d.segment, d."offset") < (v.to_segment, v.to_offset)
    FROM :"schema".rl_validity v
    WHERE v.market_id = d.market_id AND (v.from_segment, v.from_offset) <= (d.segment, d."offset")
    ORDER BY v.from_segment DESC, v.from_offset DESC
    LIMIT 1
  ), false) AS valid
FROM :"schema".rl_orderbook_deltas d
JOIN :"schema".rl_markets m ON m.market_id = d.market_id;

CREATE VIEW :"schema".rl_orderbook_snapshots_v AS
SELECT
  s.market_id,
  m.journal_id,
  m.ticker AS market_ticker,
  s.received_ns / 1000000 AS timestamp_ms,
  s.received_ns,
  nullif(s.exchange_ms, 0) AS exchange_ms,
  s.seq AS sequence_number,
  s.connection,
  s.sid,
  CASE s.kind WHEN 0 THEN 'frame' ELSE 'checkpoint' END AS kind,
  s.known,
  :"schema".rl_levels(s.yes_prices, s.yes_sizes, false) AS yes_bids,
  :"schema".rl_levels(s.no_prices, s.no_sizes, true) AS yes_asks,
  :"schema".rl_levels(s.no_prices, s.no_sizes, false) AS no_bids,
  :"schema".rl_levels(s.yes_prices, s.yes_sizes, true) AS no_asks,
  CASE WHEN s.spread % 100 = 0 THEN s.spread / 100 END AS yes_spread,
  CASE WHEN s.spread % 100 = 0 THEN s.spread / 100 END AS no_spread,
  (s.spread::numeric / 10000)::numeric(5, 4) AS spread_dollars,
  (s.yes_mid_twice::numeric / 200)::numeric(7, 3) AS yes_mid_price,
  ((20000 - s.yes_mid_twice)::numeric / 200)::numeric(7, 3) AS no_mid_price,
  (s.volume::numeric / 100)::numeric(17, 2) AS total_volume,
  s.segment,
  s."offset",
  coalesce((
    SELECT v.to_segment IS NULL OR (s.segment, s."offset") < (v.to_segment, v.to_offset)
    FROM :"schema".rl_validity v
    WHERE v.market_id = s.market_id AND (v.from_segment, v.from_offset) <= (s.segment, s."offset")
    ORDER BY v.from_segment DESC, v.from_offset DESC
    LIMIT 1
  ), false) AS valid
FROM :"schema".rl_orderbook_snapshots s
JOIN :"schema".rl_markets m ON m.market_id = s.market_id;

CREATE VIEW :"schema".rl_trades_v AS
SELECT
  t.market_id,
  m.journal_id,
  m.ticker AS market_ticker,
  t.trade_id,
  t.exchange_ms AS timestamp_ms,
  t.received_ns,
  CASE WHEN t.yes_price % 100 = 0 THEN t.yes_price / 100 END AS yes_price,
  CASE WHEN t.yes_price % 100 = 0 THEN 100 - t.yes_price / 100 END AS no_price,
  (t.yes_price::numeric / 10000)::numeric(5, 4) AS yes_price_dollars,
  ((10000 - t.yes_price)::numeric / 10000)::numeric(5, 4) AS no_price_dollars,
  (t.size::numeric / 100)::numeric(17, 2) AS count,
  CASE t.taker_side WHEN 0 THEN 'yes' WHEN 1 THEN 'no' END AS taker_side,
  t.is_block,
  t.connection,
  t.segment,
  t."offset"
FROM :"schema".rl_trades t
JOIN :"schema".rl_markets m ON m.market_id = t.market_id;

CREATE VIEW :"schema".rl_ticker_v AS
SELECT
  t.market_id,
  m.journal_id,
  m.ticker AS market_ticker,
  t.received_ns / 1000000 AS timestamp_ms,
  t.received_ns,
  nullif(t.exchange_ms, 0) AS exchange_ms,
  (t.yes_bid::numeric / 10000)::numeric(5, 4) AS yes_bid_dollars,
  (t.yes_ask::numeric / 10000)::numeric(5, 4) AS yes_ask_dollars,
  (t.last::numeric / 10000)::numeric(5, 4) AS last_dollars,
  t.connection,
  t.segment,
  t."offset"
FROM :"schema".rl_ticker t
JOIN :"schema".rl_markets m ON m.market_id = t.market_id;
