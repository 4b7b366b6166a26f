/**
 * What the service tells, as lines of the log. Whoever may send a request can cause some of them: those are held back when
 * they repeat. A command that was taken is always told.
 */
import type { ApiEvent } from '#api'
import type { Log } from './log.ts'
import { RepeatedLines } from './log-repeats.ts'

/** One for each log, for as long as it is written to. */
const repeatsOf = new WeakMap<Log, RepeatedLines>()

export function tellApiEvent(log: Log, event: ApiEvent): void {
  const repeats = repeatsOf.get(log) ?? new RepeatedLines(log, () => performance.now())
  repeatsOf.set(log, repeats)
  switch (event.kind) {
    case 'listening':
      return void log.info({ event: 'api_listening', url: event.url, routes: event.routes })
    case 'admin_call': {
      const { kind, ...fields } = event
      if (event.status < 400) return void log.info({ event: 'api_admin_call', ...fields })
      return void repeats.write('warn', { event: 'api_admin_call', ...fields }, undefined, `${kind} ${event.status}`)
    }
    case 'request_failed': {
      const { kind, ...fields } = event
      return void repeats.write(
        'error',
        { event: 'api_request_failed', ...fields },
        undefined,
        `${kind} ${event.route}`,
      )
    }
    case 'health_changed': {
      const { kind, ...fields } = event
      return void log[event.ready ? 'info' : 'warn']({ event: 'health_changed', ...fields })
    }
    case 'copy_event': {
      const { kind, what, ...fields } = event
      const told = { event: 'api_event', what: `copy_${what}`, ...fields } as const
      if (what === 'failed' || what === 'read_fault')
        return void repeats.write('warn', told, undefined, `${kind} ${what}`)
      return void log.debug(told)
    }
    case 'websocket_event': {
      const { kind, what, ...fields } = event
      return void repeats.write(
        'info',
        { event: 'api_event', what: `websocket_${what}`, ...fields },
        undefined,
        `${kind} ${what}`,
      )
    }
    case 'store_open':
    case 'store_away': {
      const { kind, ...fields } = event
      const level = kind === 'store_open' ? 'info' : 'warn'
      return void repeats.write(level, { event: 'api_event', what: kind, ...fields }, undefined, kind)
    }
  }
}
