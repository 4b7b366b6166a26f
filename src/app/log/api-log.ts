/** What the service tells, as lines of the log. */
import type { ApiEvent } from '#api'
import type { Log } from './log.ts'

export function tellApiEvent(log: Log, event: ApiEvent): void {
  switch (event.kind) {
    case 'listening':
      return void log.info({ event: 'api_listening', url: event.url, routes: event.routes })
    case 'admin_call': {
      const { kind, ...fields } = event
      return void log[event.status < 400 ? 'info' : 'warn']({ event: 'api_admin_call', ...fields })
    }
    case 'request_failed': {
      const { kind, ...fields } = event
      return void log.error({ event: 'api_request_failed', ...fields })
    }
    case 'health_changed': {
      const { kind, ...fields } = event
      return void log[event.ready ? 'info' : 'warn']({ event: 'health_changed', ...fields })
    }
    case 'copy_event': {
      const { kind, what, ...fields } = event
      const isTrouble = what === 'failed' || what === 'read_fault'
      return void log[isTrouble ? 'warn' : 'debug']({ event: 'api_event', what: `copy_${what}`, ...fields })
    }
    case 'websocket_event': {
      const { kind, what, ...fields } = event
      return void log.info({ event: 'api_event', what: `websocket_${what}`, ...fields })
    }
    case 'store_open':
    case 'store_away': {
      const { kind, ...fields } = event
      return void log[kind === 'store_open' ? 'info' : 'warn']({ event: 'api_event', what: kind, ...fields })
    }
  }
}
