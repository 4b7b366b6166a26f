/** What the API tells, as log lines: no line for each request, but one for each that changed something or failed by us. */
import type { ApiEvent } from '#api'
import type { Log } from '../log/log.ts'

const LEVELS: Readonly<Record<ApiEvent['kind'], 'debug' | 'info' | 'warn' | 'error'>> = {
  listening: 'info',
  admin_call: 'info',
  request_failed: 'error',
  store_open: 'debug',
  store_away: 'warn',
  copy_event: 'debug',
  health_changed: 'info',
}

export function tellApi(log: Log, { kind, ...fields }: ApiEvent): void {
  log[LEVELS[kind]]({ event: 'api_event', what: kind, ...fields })
}
