-- Audits tell three things, not two, and keep both books of a mismatch. A snapshot that was compared and did not become the
-- book is a row of its own kind, so that nobody builds on it.

ALTER TABLE :"schema".rl_audits ADD COLUMN result text;
UPDATE :"schema".rl_audits SET result = CASE WHEN matched THEN 'matched' ELSE 'mismatched' END;
ALTER TABLE :"schema".rl_audits
  ALTER COLUMN result SET NOT NULL,
  ADD COLUMN ours jsonb,
  ADD COLUMN theirs jsonb,
  ADD CONSTRAINT chk_audits_result CHECK (
    result IN ('matched', 'offset', 'mismatched') AND matched = (result = 'matched')
  ),
  ADD CONSTRAINT chk_audits_books CHECK (
    (ours IS NULL) = (theirs IS NULL) AND (ours IS NULL OR result = 'mismatched')
  );

COMMENT ON TABLE :"schema".rl_audits IS
  'Books that the exchange told again when we asked, while we held them for right, and what that showed. "segment" and "offset" are those of the record that settled it: the snapshot frame itself, or what came after it.';
COMMENT ON COLUMN :"schema".rl_audits.matched IS 'Whether every level was equal: result is matched.';
COMMENT ON COLUMN :"schema".rl_audits.levels_wrong IS 'How many levels differed, in price or size, when the snapshot came.';
COMMENT ON COLUMN :"schema".rl_audits.result IS 'matched; offset: the difference is a part of one ts_ms group just before or after the snapshot, and the book stayed ours; mismatched: nothing explains it, and the book is in doubt from its last proof on.';
COMMENT ON COLUMN :"schema".rl_audits.ours IS 'Of a mismatch: our book when the snapshot came, {"yes": [[price, size]], "no": …} in 1/10,000 dollar and 1/100 contract, NO levels in NO prices; NULL otherwise, and where an older version stored the row.';
COMMENT ON COLUMN :"schema".rl_audits.theirs IS 'Of a mismatch: the exchange’s book, likewise.';

ALTER TABLE :"schema".rl_orderbook_snapshots DROP CONSTRAINT chk_snapshots_kind;
ALTER TABLE :"schema".rl_orderbook_snapshots ADD CONSTRAINT chk_snapshots_kind CHECK (kind IN (0, 1, 2));
COMMENT ON COLUMN :"schema".rl_orderbook_snapshots.kind IS '0: frame, the exchange’s own snapshot. 1: checkpoint, the recorder’s proven book. 2: audit, a snapshot frame that differed from our book and did not take its place (rl_audits).';
COMMENT ON COLUMN :"schema".rl_orderbook_snapshots.known IS 'Whether the row is a book to build on: false where the exchange does not know the ticker, and for kind 2.';

CREATE OR REPLACE VIEW :"schema".rl_orderbook_snapshots_v AS
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
  CASE s.kind WHEN 0 THEN 'frame' WHEN 1 THEN 'checkpoint' ELSE 'audit' END AS kind,
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

COMMENT ON COLUMN :"schema".rl_orderbook_snapshots_v.kind IS 'frame: the exchange’s own; checkpoint: the recorder’s proven book; audit: the exchange’s own, which differed from our book and did not take its place.';
COMMENT ON COLUMN :"schema".rl_orderbook_snapshots_v.known IS 'Whether the row is a book to build on: false where the exchange does not know the ticker, and for audits.';

COMMENT ON COLUMN :"schema".rl_gaps.cause IS 'Why nothing is known: the causes of rl_connections, and recording_paused (by an operator), recording_stopped, negative_size, crossed, malformed, audit_mismatch, wire_changed, snapshot_timeout, unsubscribed, maintenance, admin.';
