-- How each gap was closed, and when each market was asked for: what `gaps` and `report` say, from the database too.

ALTER TABLE :"schema".rl_gaps ADD COLUMN closed_by text
  CONSTRAINT chk_gaps_closed CHECK (closed_by IN ('snapshot', 'checkpoint', 'let_go', 'declared'));

COMMENT ON COLUMN :"schema".rl_gaps.closed_by IS 'What ended it: snapshot, the first one in sequence; checkpoint, where the journal before it cannot be read; let_go, the market is recorded no longer; declared, the record itself says when. NULL while it lasts, and in rows of a schema before version 8 until a rebuild or reparse.';
COMMENT ON COLUMN :"schema".rl_gaps.cause IS 'Why nothing is known, by name: docs/gaps.md has them all. maintenance: a loss that the exchange caused, in its weekly pause; detail says which.';
COMMENT ON COLUMN :"schema".rl_gaps.to_segment IS 'Journal segment of the record that ended it: the first snapshot in sequence, or that of its letting go; NULL while it lasts.';
COMMENT ON COLUMN :"schema".rl_gaps.to_offset IS 'Offset of that record.';
COMMENT ON COLUMN :"schema".rl_gaps.to_ns IS 'When that record was received: Unix ns, the recorder’s clock; NULL while it lasts.';

-- From where on the rows are being made again: what stands there is removed before anything is written.
ALTER TABLE :"schema".rl_ingest_cursor
  ADD COLUMN redo_segment integer,
  ADD COLUMN redo_offset bigint,
  ADD COLUMN redo_ns bigint,
  ADD CONSTRAINT chk_cursor_redo CHECK (num_nulls(redo_segment, redo_offset, redo_ns) IN (0, 3));

COMMENT ON COLUMN :"schema".rl_ingest_cursor.redo_segment IS 'While rows are being removed to be made again: the segment from which on; NULL otherwise.';
COMMENT ON COLUMN :"schema".rl_ingest_cursor.redo_offset IS 'The offset in that segment.';
COMMENT ON COLUMN :"schema".rl_ingest_cursor.redo_ns IS 'No record from there on has an earlier stamp: Unix ns, the recorder’s clock.';
