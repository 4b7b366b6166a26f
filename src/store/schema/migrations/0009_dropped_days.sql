-- Days whose partitions were dropped since an archive has every segment that their rows were made from.

CREATE TABLE :"schema".rl_dropped_days (
  journal_id integer NOT NULL REFERENCES :"schema".rl_ingest_cursor (journal_id),
  "day" date NOT NULL,
  "table" text NOT NULL,
  "rows" bigint NOT NULL,
  first_segment integer,
  last_segment integer,
  target text NOT NULL,
  dropped_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_dropped_days PRIMARY KEY (journal_id, "day", "table")
);

COMMENT ON TABLE :"schema".rl_dropped_days IS 'Days whose partition was dropped because an archive was proved to have every journal segment that its rows were made from: restored, and with a rebuild, they come back.';
COMMENT ON COLUMN :"schema".rl_dropped_days.journal_id IS 'The journal that the rows came from: rl_ingest_cursor.';
COMMENT ON COLUMN :"schema".rl_dropped_days."day" IS 'The UTC day of the partition.';
COMMENT ON COLUMN :"schema".rl_dropped_days."table" IS 'The partitioned table.';
COMMENT ON COLUMN :"schema".rl_dropped_days."rows" IS 'Rows that were dropped.';
COMMENT ON COLUMN :"schema".rl_dropped_days.first_segment IS 'The lowest journal segment among them; NULL when there was no row.';
COMMENT ON COLUMN :"schema".rl_dropped_days.last_segment IS 'The highest.';
COMMENT ON COLUMN :"schema".rl_dropped_days.target IS 'The archive that has those segments: a folder, or s3://bucket/prefix.';
COMMENT ON COLUMN :"schema".rl_dropped_days.dropped_at IS 'When they were dropped, by the database’s clock.';
