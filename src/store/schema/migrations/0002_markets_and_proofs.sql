-- What was asked of the exchange, what it said of its markets, and how our books were proven. Made from the journal too.

CREATE TABLE :"schema".rl_market_history (
  market_id integer NOT NULL REFERENCES :"schema".rl_markets (market_id),
  segment integer NOT NULL,
  "offset" bigint NOT NULL,
  received_ns bigint NOT NULL,
  source text NOT NULL CHECK (source IN ('rest', 'lifecycle')),
  body jsonb NOT NULL,
  PRIMARY KEY (market_id, segment, "offset")
);

CREATE TABLE :"schema".rl_market_coverage (
  market_id integer NOT NULL REFERENCES :"schema".rl_markets (market_id),
  connection integer NOT NULL,
  from_segment integer NOT NULL,
  from_offset bigint NOT NULL,
  from_ns bigint NOT NULL,
  to_segment integer,
  to_offset bigint,
  to_ns bigint,
  PRIMARY KEY (market_id, from_segment, from_offset),
  CONSTRAINT chk_coverage_order CHECK ((to_segment, to_offset) >= (from_segment, from_offset)),
  CONSTRAINT chk_coverage_end CHECK (num_nulls(to_segment, to_offset, to_ns) IN (0, 3))
);

CREATE TABLE :"schema".rl_audits (
  market_id integer NOT NULL REFERENCES :"schema".rl_markets (market_id),
  segment integer NOT NULL,
  "offset" bigint NOT NULL,
  received_ns bigint NOT NULL,
  connection integer NOT NULL,
  sid integer NOT NULL,
  seq bigint NOT NULL CHECK (seq >= 0),
  matched boolean NOT NULL,
  levels_wrong integer NOT NULL CHECK (levels_wrong >= 0),
  PRIMARY KEY (market_id, segment, "offset"),
  CONSTRAINT chk_audits_matched CHECK (matched = (levels_wrong = 0))
);
CREATE INDEX rl_audits_mismatches ON :"schema".rl_audits (received_ns) WHERE NOT matched;

CREATE TABLE :"schema".rl_index (
  received_ns bigint NOT NULL,
  exchange_ms bigint NOT NULL,
  "offset" bigint NOT NULL,
  segment integer NOT NULL,
  journal_id integer NOT NULL,
  connection integer NOT NULL,
  index_id text NOT NULL CHECK (length(index_id) BETWEEN 1 AND 128),
  value numeric NOT NULL,
  CONSTRAINT chk_index_place CHECK (segment > 0 AND "offset" >= 0)
) PARTITION BY RANGE (received_ns);
CREATE INDEX rl_index_id ON :"schema".rl_index (index_id, received_ns);
CREATE INDEX rl_index_time ON :"schema".rl_index USING brin (received_ns);
