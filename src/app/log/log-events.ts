/**
 * Every event that is logged, with its meaning: the words to search for and to put alarms on. A name is never reused for
 * something else. Add yours here; the compiler refuses a line whose event is not in this list.
 */
export const LOG_EVENTS = {
  program_started: 'A command began; carries its name and version.',
  program_stopped: 'A command ended, with the reason and the exit code.',
  config_notice: 'A name in the environment or in .env is not taken, with the reason.',
  key_warning: 'The private key is kept in an unsafe way.',
  key_scopes: 'The API key may do more than read, or the exchange does not tell what it may do.',
  rest_retry: 'A REST request failed and is tried again.',
  connection_opened: 'A WebSocket to the exchange is open.',
  connection_lost: 'A WebSocket to the exchange has ended, with its cause.',
  connect_failed: 'An attempt to connect ended before the socket was open, with its cause.',
  session_state:
    'A connection moved to another state: connecting, subscribing, proving, live, waiting, stalled, paused, closed.',
  command_refused: 'The exchange refused a command, with its code.',
  markets_dropped: 'Markets are not recorded on this connection any more, with the reason.',
  snapshots_missing: 'Markets did not answer with a snapshot in time; they are asked for by name.',
  market_unknown: 'The exchange does not know a ticker that was asked for.',
  sequence_broken: 'Numbers of a subscription were missed; its books are in doubt until their next snapshot.',
  sequence_fell_back: 'The count of a subscription began anew without a word; the connection is made again.',
  type_unknown:
    'A frame of a type that is not read came where books are told of: it may have changed one. It is in the journal.',
  markets_silent:
    'Markets do not answer to being asked for their book; they are in doubt and asked again ever more rarely.',
  audit_mismatched:
    'The exchange’s snapshot of a book that was held for right is another book: it is in doubt from its last proof on, and asked for again.',
  snapshot_offsets:
    'Snapshots are beside our books by a part of one group of changes more often than before, or so no longer: `isMany` says which.',
  wire_changed:
    'The same fault is in too many fresh books at once, with what it is: they are in doubt and tried a few at a time, and frames are recorded all the same.',
  wire_sound: 'Trials found the wire readable again: the books in doubt are asked for.',
  audits_unsettled: 'Snapshots that were asked for as audits, or what would explain them, did not come in time.',
  orientation_judged: 'Whether the NO levels of a connection mean what was asked for; wrong: no book of it is valid.',
  validity_changed: 'A book became valid or is in doubt, with the cause.',
  frame_malformed: 'A frame could not be read; it is in the journal, its market is in doubt.',
  recording_paused: 'An operator paused the recording: the connections are let go.',
  recording_resumed: 'An operator resumed the recording: the connections are made again.',
  backpressure: 'The journal cannot keep up: sockets are paused, resumed, let go or made again.',
  disk_full: 'The disk is full: books live on, and no frame is recorded until there is room.',
  disk_has_room:
    'There is room again: recording goes on, the hole is written down and every book is asked for anew; carries how many frames are in no journal.',
  rest_left_out:
    'REST answers found no room in the journal while it could not keep up; their number is in a note there.',
  segment_opened: 'The journal goes on in a new segment.',
  segment_sealed: 'A segment was compressed and given its checksums.',
  seal_failed: 'A segment could not be sealed; it stays as it is and is tried again.',
  segment_archived: 'A segment is in the archive, and proved to be.',
  segment_removed: 'A segment was removed here: it is old, stored, and was proved to be in the archive right before.',
  archive_failed: 'A segment could not be archived or removed, or the archive cannot be used; it is tried again.',
  segment_abandoned: 'A sync failed: the segment ends where it was durable, the rest is written to the next.',
  journal_write_failed: 'The disk refused; the records are kept and it is tried again.',
  journal_write_recovered: 'The disk takes records again.',
  journal_failed: 'The disk refused for too long: recording has ended.',
  journal_recovered: 'A journal was there; what it holds.',
  torn_tail_cut: 'The last run ended in the middle of a write: bytes that were never durable were cut.',
  journal_damaged: 'Bytes in the middle of a segment cannot be read. They are kept; readers pass over them.',
  empty_segments_removed: 'Files of segments that were never begun were removed.',
  markets_choosing: 'No tickers were given: the exchange is asked for its open markets.',
  markets_chosen: 'No tickers were given: the open markets with the most volume.',
  markets_added: 'Markets that have opened are recorded from now on.',
  markets_let_go: 'Markets that have closed are recorded no longer; their results are asked for.',
  markets_settled: 'Markets that were let go are settled: result and value are in the journal.',
  markets_unsettled:
    'Markets that were let go are not asked after any more, although nobody said that they are settled.',
  markets_left_out: 'Markets that have opened do not fit on the connections that are allowed.',
  market_list_failed: 'The open markets could not be asked for; what is recorded stays, and it is tried again.',
  process_was_down: 'The last run ended without a word; the hole since its last durable record is written down.',
  built_in_exchange: 'No exchange is configured: the built-in one is recorded.',
  database_open: 'The database answers; its kind and version.',
  database_event:
    'The embedded database was made, started, adopted, restarted, kept aside or stopped; `what` says which.',
  database_failed: 'The database cannot be opened; it is tried again, and recording goes on.',
  store_event: 'The store opened, waits for the database, goes on, refused rows or was restarted; `what` says which.',
  thread_event:
    'The thread of the API or of the built-in exchange crashed or hung and is started anew, or is ready again; `thread` says which.',
  api_absent: 'The API’s port cannot be had; recording goes on without /rl/health and /rl/metrics.',
  bounds: 'What each queue may hold at most, in bytes.',
  disk_outlook: 'Bytes a day and days of disk left: as expected at start, as measured some minutes later.',
  clock_off: 'This machine’s clock and the exchange’s differ by more than 2 s.',
  clock_estimated: 'How far this machine’s clock is off, and by how much that may be wrong; told when it changes.',
  alerts_changed: 'Other alarms fire than before; their names.',
  alert_sent: 'A message reached a target: its kind and host.',
  alert_failed: 'A message did not reach a target, with the reason; it is given up after some tries.',
  dead_man_withheld: 'The dead-man is not pinged any more, with the reasons.',
  dead_man_resumed: 'The dead-man is pinged again.',
  dead_man_failed: 'The dead-man’s address does not answer as it should.',
  report_sent: 'The daily report was sent; whether the day was clean.',
  report_failed: 'The daily report could not be made or sent, with the reason.',
  stopping: 'The end begins: no more frames are taken in, those taken become durable.',
  store_refused: 'The store must not go on, with the reason and what to do; recording goes on.',
  api_listening: 'The service listens; its address.',
  api_admin_call: 'Somebody called /rl/admin: what, from where, and the status of the answer.',
  api_request_failed: 'A request met a fault of ours; the client was told the same id.',
  api_event:
    'The copy of the books, a WebSocket client or the service’s own view of the database changed; `what` says how.',
  health_changed: 'Recording, storing or serving became impaired or is so no longer, with the reasons of /rl/health.',
  recording: 'A line of figures, every ten seconds where there is no terminal.',
  service_manager_unreachable:
    'systemd asked to be told how we are, and the telling failed, with the reason; told once.',
  control_failed: 'A request over the control socket could not be answered.',
  control_socket_error:
    'The control socket could not take a client; those it has are answered, and the next may be taken.',
  log_repeats_held_back: 'Lines of one event were held back, with their number and the limit.',
  log_lines_dropped: 'Whoever reads the log was too slow; lines were dropped, with their number.',
} as const

export type LogEvent = keyof typeof LOG_EVENTS
