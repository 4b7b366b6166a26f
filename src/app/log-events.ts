/**
 * Every event that is logged, with its meaning: the words to search for and to put alarms on. A name is never reused for
 * something else. Add yours here; the compiler refuses a line whose event is not in this list.
 */
export const LOG_EVENTS = {
  program_started: 'A command began; carries its name and version.',
  program_stopped: 'A command ended, with the reason and the exit code.',
  program_failed: 'A command ended by an error that it could not handle.',
  config_notice: 'A name in the environment or in .env is not taken, with the reason.',
  key_warning: 'The private key is kept in an unsafe way.',
  rest_retry: 'A REST request failed and is tried again.',
  rest_failed: 'A REST request failed for good.',
  connection_opened: 'A WebSocket to the exchange is open.',
  connection_lost: 'A WebSocket to the exchange has ended, with its cause.',
  log_repeats_held_back: 'Lines of one event were held back, with their number and the limit.',
  log_lines_dropped: 'Whoever reads the log was too slow; lines were dropped, with their number.',
} as const

export type LogEvent = keyof typeof LOG_EVENTS
