-- How good each market's recording of each UTC day is: the figures of `kalshiflow gaps --markets` (src/ledger/coverage.ts).
-- A view cannot see whether a recorder runs: of a run that has not said that it stopped, it takes the time up to now for
-- asked for, and knows nothing of what the store has not written yet.

CREATE VIEW :"schema".rl_market_days_v AS
WITH ends AS (
  SELECT k.journal_id, k.until_ns, k.now_ns, CASE WHEN s.is_open THEN k.now_ns ELSE k.until_ns END AS asked_ns
  FROM (
    SELECT c.journal_id, coalesce(c.received_ns, 0) AS until_ns,
      greatest(c.received_ns, floor(extract(epoch FROM now()) * 1000)::bigint * 1000000) AS now_ns
    FROM :"schema".rl_ingest_cursor c
  ) k
  LEFT JOIN LATERAL (
    SELECT r.stopped_ns IS NULL AS is_open FROM :"schema".rl_sessions r WHERE r.journal_id = k.journal_id
    ORDER BY r.started_segment DESC, r.started_offset DESC LIMIT 1
  ) s ON true
), markets AS (
  SELECT m.market_id, m.journal_id, m.ticker, m.open_ms IS NOT NULL AS open_known, e.until_ns, e.now_ns, e.asked_ns,
    greatest(m.open_ms, 0) * 1000000 AS open_ns, least(m.close_ms, 9223372036854) * 1000000 AS close_ns
  FROM :"schema".rl_markets m JOIN ends e ON e.journal_id = m.journal_id
), asked AS (
  SELECT m.market_id, m.until_ns, d.day, greatest(c.from_ns, m.open_ns, d.day * 86400000000000) AS from_ns,
    least(c.to_ns, m.asked_ns, m.close_ns, (d.day + 1) * 86400000000000) AS to_ns
  FROM :"schema".rl_market_coverage c JOIN markets m ON m.market_id = c.market_id
  CROSS JOIN LATERAL generate_series(
    greatest(c.from_ns, m.open_ns) / 86400000000000,
    (least(c.to_ns, m.asked_ns, m.close_ns) - 1) / 86400000000000
  ) AS d (day)
), days AS (
  SELECT a.market_id, a.day, sum(a.to_ns - a.from_ns) AS asked, coalesce(sum(v.clean), 0) AS clean,
    coalesce(sum(v.verified), 0) AS verified
  FROM asked a LEFT JOIN LATERAL (
    SELECT sum(greatest(0, least(i.to_ns, a.to_ns) - greatest(i.from_ns, a.from_ns))) AS clean,
      sum(greatest(0, least(i.to_ns, a.to_ns, coalesce(i.verified_ns, 0)) - greatest(i.from_ns, a.from_ns))) AS verified
    FROM (
      SELECT r.from_ns, coalesce(r.to_ns, a.until_ns) AS to_ns, (
        SELECT max(x.received_ns) FROM :"schema".rl_audits x
        WHERE x.market_id = r.market_id AND x.connection = r.connection AND x.result <> 'mismatched'
          AND (x.segment, x."offset") >= (r.from_segment, r.from_offset)
          AND (r.to_segment IS NULL OR (x.segment, x."offset") <= (r.to_segment, r.to_offset))
      ) AS verified_ns
      FROM :"schema".rl_validity r
      WHERE r.market_id = a.market_id AND r.from_ns < a.to_ns AND (r.to_ns IS NULL OR r.to_ns > a.from_ns)
    ) i
  ) v ON true
  WHERE a.from_ns < a.to_ns
  GROUP BY a.market_id, a.day
)
SELECT
  m.market_id,
  m.journal_id,
  m.ticker AS market_ticker,
  date '1970-01-01' + d.day::integer AS "day",
  m.open_known,
  round(o.open / 1000000000, 3) AS open_seconds,
  round(d.asked / 1000000000, 3) AS asked_seconds,
  round(d.clean / 1000000000, 3) AS clean_seconds,
  round(d.verified / 1000000000, 3) AS verified_seconds,
  trunc(100 * d.clean / nullif(o.open, 0), 3) AS clean_percent,
  trunc(100 * d.clean / d.asked, 3) AS held_percent,
  trunc(100 * d.verified / nullif(d.clean, 0), 3) AS verified_percent
FROM days d JOIN markets m ON m.market_id = d.market_id
CROSS JOIN LATERAL (
  SELECT CASE WHEN m.open_known
    THEN (least(m.now_ns, m.close_ns, (d.day + 1) * 86400000000000) - greatest(m.open_ns, d.day * 86400000000000))::numeric
    ELSE d.asked END AS open
) o;

COMMENT ON VIEW :"schema".rl_market_days_v IS 'How good each market’s recording of each UTC day is on which it was asked for: docs/gaps.md. Percents are cut after three decimals.';
COMMENT ON COLUMN :"schema".rl_market_days_v.market_id IS 'The market, and with it the journal: rl_markets.';
COMMENT ON COLUMN :"schema".rl_market_days_v.journal_id IS 'Number of the journal in this schema: rl_ingest_cursor.';
COMMENT ON COLUMN :"schema".rl_market_days_v.market_ticker IS 'Kalshi’s ticker of the market.';
COMMENT ON COLUMN :"schema".rl_market_days_v."day" IS 'The UTC day.';
COMMENT ON COLUMN :"schema".rl_market_days_v.open_known IS 'Whether the exchange told when the market opened; where it did not, the time asked for stands for the open time.';
COMMENT ON COLUMN :"schema".rl_market_days_v.open_seconds IS 'Seconds of the day in which the market was open, asked for or not; of today up to now.';
COMMENT ON COLUMN :"schema".rl_market_days_v.asked_seconds IS 'Of these, seconds in which it was asked for. Of a run that has not stopped up to now.';
COMMENT ON COLUMN :"schema".rl_market_days_v.clean_seconds IS 'Of these, seconds in which its book was valid (rl_validity), as far as the store has come.';
COMMENT ON COLUMN :"schema".rl_market_days_v.verified_seconds IS 'Of these, seconds that a later audit confirmed (rl_audits).';
COMMENT ON COLUMN :"schema".rl_market_days_v.clean_percent IS 'Clean of open time.';
COMMENT ON COLUMN :"schema".rl_market_days_v.held_percent IS 'Clean of the time asked for: what the recording did of what it was told to do.';
COMMENT ON COLUMN :"schema".rl_market_days_v.verified_percent IS 'Verified of clean time; NULL where nothing is clean.';

COMMENT ON COLUMN :"schema".rl_connections.cause IS 'Why it ended: disconnect, ping_silence, sequence_break, terminal_error, resync_timeout, subscribe_timeout, refused, own_backpressure, disk_full, message_age (its messages grew old, and it was replaced), paused (by an operator), stopped, process_down.';

-- A process that was down, or a full disk: which rows of markets belong to the row that declares it.
CREATE INDEX rl_gaps_of_all ON :"schema".rl_gaps (journal_id, cause, from_ns) WHERE cause IN ('process_down', 'disk_full');
