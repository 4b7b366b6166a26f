-- A recording may be paused by an operator: what the columns that carry it say.

COMMENT ON COLUMN :"schema".rl_connections.cause IS 'Why it ended: disconnect, ping_silence, sequence_break, terminal_error, resync_timeout, subscribe_timeout, refused, own_backpressure, disk_full, paused (by an operator), stopped, process_down.';
COMMENT ON COLUMN :"schema".rl_gaps.cause IS 'Why nothing is known: the causes of rl_connections, and recording_paused (by an operator), recording_stopped, negative_size, crossed, malformed, audit_mismatch, snapshot_timeout, unsubscribed, maintenance, admin.';
