/** What the recorder logs of its sessions and its journal: one place that turns their events into lines. */
import type { Effect } from '#feed'
import type { JournalEvent, Recovery } from '#journal'
import type { Log } from '../log/log.ts'

/** Lists in a log line are cut to this many entries; their length is told. */
const LISTED_MAX = 20

export function tellEffect(log: Log, effect: Effect, connection: number | undefined): void {
  switch (effect.kind) {
    case 'state': {
      const { from, to, waitMs } = effect
      // The stages in between last milliseconds and interest only who looks for a fault.
      const level = to === 'live' || to === 'waiting' || to === 'stalled' ? 'info' : 'debug'
      log[level]({ event: 'session_state', connection, from, to, ...(waitMs > 0 ? { waitMs } : {}) })
      return
    }
    case 'refused_command': {
      const { command, code, message } = effect
      log.warn({ event: 'command_refused', connection, command: command?.cmd, code, reason: message })
      return
    }
    case 'dropped_markets': {
      const { markets, reason } = effect
      log.warn({
        event: 'markets_dropped',
        connection,
        reason,
        count: markets.length,
        markets: markets.slice(0, LISTED_MAX),
      })
      return
    }
    case 'missing_snapshots':
      log.warn({
        event: 'snapshots_missing',
        connection,
        count: effect.markets.length,
        markets: effect.markets.slice(0, LISTED_MAX),
      })
      return
    case 'wire_changed':
      log.error({ event: 'wire_changed', connection, what: effect.what, markets: effect.markets.length })
      return
    case 'wire_sound':
      log.warn({ event: 'wire_sound', connection, afterMs: Math.round(effect.afterMs) })
      return
    case 'settle_audits':
      log.info({
        event: 'audits_unsettled',
        connection,
        count: effect.markets.length,
        markets: effect.markets.slice(0, LISTED_MAX),
      })
      return
    case 'silent_markets':
      log.warn({
        event: 'markets_silent',
        connection,
        count: effect.markets.length,
        markets: effect.markets.slice(0, LISTED_MAX),
      })
      return
    case 'close':
      tellRefusal(log, effect.cause, effect.detail)
      return
    default:
      return
  }
}

function tellRefusal(log: Log, cause: string, detail: string): void {
  const hint = hintFor(detail)
  const code = hint === undefined ? {} : { code: hint.code }
  log.warn({ event: 'connect_failed', cause, ...code, detail }, hint?.text)
}

export type Hint = { readonly code: string; readonly text: string }

/** What was found, what is needed and what to do about a refusal that will not pass by itself. */
export function hintFor(detail: string): Hint | undefined {
  if (/HTTP 401.*timestamp_expired/s.test(detail)) {
    return {
      code: 'FLOW_CLOCK_OFF',
      text: 'the exchange finds our signatures too old or too new: this machine’s clock is off, set it by NTP (`timedatectl set-ntp true`)',
    }
  }
  if (/HTTP 40[13]/.test(detail)) {
    const why = /\b(\d{3}\b.*)/s.exec(detail)?.[1]?.trim().slice(0, 120) ?? '401'
    return {
      code: 'FLOW_KEY_REFUSED',
      text: `the exchange refuses the key (${why}): KALSHI_API_KEY_ID and the private key must belong together and to the host of KALSHI_WS_URL (prod and demo keys differ), the key must not be revoked, and the clock must be right`,
    }
  }
  if (/HTTP (404|200|30\d)/.test(detail))
    return { code: 'FLOW_WS_ADDRESS', text: 'there is no WebSocket at this address: check KALSHI_WS_URL' }
  if (/ENOTFOUND|EAI_AGAIN/.test(detail))
    return { code: 'FLOW_HOST_UNKNOWN', text: 'the host name is not known: check KALSHI_WS_URL and the network' }
  if (/ECONNREFUSED/.test(detail))
    return {
      code: 'FLOW_NOBODY_LISTENS',
      text: 'nobody listens at this address: check KALSHI_WS_URL, or start the exchange',
    }
  if (/wrong version number|SSL/i.test(detail))
    return { code: 'FLOW_NO_TLS', text: 'the port does not speak TLS: ws:// instead of wss://?' }
  return undefined
}

export function tellJournalEvent(log: Log, event: JournalEvent): void {
  switch (event.kind) {
    case 'segment_opened':
      log.info({ event: 'segment_opened', segment: event.segment })
      return
    case 'write_failed': {
      const { stage, code, failures, retryInMs, bufferedBytes } = event
      log.error({ event: 'journal_write_failed', stage, code, failures, retryInMs, bufferedBytes })
      return
    }
    case 'segment_abandoned':
      log.error({ event: 'segment_abandoned', segment: event.segment, length: event.length })
      return
    case 'write_recovered':
      log.warn({ event: 'journal_write_recovered', failures: event.failures, afterMs: Math.round(event.afterMs) })
      return
    case 'failed':
      log.fatal({ event: 'journal_failed', error: event.error })
      return
  }
}

export function tellRecovery(log: Log, { cutBytes, damage, lastSegment, records, removed }: Recovery): void {
  if (lastSegment > 0) log.info({ event: 'journal_recovered', lastSegment, records, cutBytes })
  if (cutBytes > 0) log.warn({ event: 'torn_tail_cut', segment: lastSegment, bytes: cutBytes })
  for (const each of damage) log.error({ event: 'journal_damaged', ...each })
  if (removed.length > 0) log.warn({ event: 'empty_segments_removed', segments: removed })
}
