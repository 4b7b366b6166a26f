/**
 * From the recorder's status, as the control socket answers it, to what the alarms look at. It remembers what a single status
 * cannot tell: since when no frame came, since when something waits for the disk, what the last hour brought.
 */
import type { Signals } from '#alert'
import type { ServiceStatus } from '#live'
import { HourCounts } from './hour-counts.ts'

const COUNTED = ['breaks', 'lost', 'malformed', 'restarts', 'audits', 'mismatches', 'offsets'] as const

const OPEN: readonly string[] = ['subscribing', 'proving', 'live']

export class SignalReader {
  readonly #hour = new HourCounts(COUNTED)
  #frames = -1
  #frameMs = 0
  #durable = ''
  #durableMs = 0

  /** `nowMs` must not go backward. */
  read(status: ServiceStatus, nowMs: number): Signals {
    const { journal, markets, audit, store } = status
    if (status.frames !== this.#frames) [this.#frames, this.#frameMs] = [status.frames, nowMs]
    const isDurable = journal.durable === journal.head
    if (isDurable || journal.durable !== this.#durable) [this.#durable, this.#durableMs] = [journal.durable, nowMs]
    const holding = status.connections.filter((each) => each.markets > 0)
    const restarts = Object.values(status.threads).reduce((sum, each) => sum + each.restarts, store?.restarts ?? 0)
    return {
      upMs: status.up_ms,
      isStopping: status.stopping,
      pausedBy: status.paused?.by,
      markets: { asked: markets.asked, inDoubt: markets.in_doubt, unknown: markets.unknown },
      connections: holding.length,
      connectionsDown: holding.filter(({ state }) => !OPEN.includes(state)).length,
      refusal: status.refusal ?? undefined,
      noFrameMs: nowMs - this.#frameMs,
      orientationWrong: status.connections.filter(({ orientation }) => orientation === 'wrong').length,
      wireChanged: status.wire.changed ? (status.wire.what ?? 'the wire changed') : undefined,
      journal: {
        isFailing: journal.failing,
        failed: journal.failed ?? undefined,
        damaged: journal.damaged,
        undurableMs: nowMs - this.#durableMs,
        commitP99Ms: journal.commit_p99_ms,
        backpressure: status.backpressure,
      },
      disk: {
        freeBytes: status.disk?.free_bytes,
        daysLeft: status.disk?.days_left ?? undefined,
        isFull: status.disk?.full === true,
      },
      archive: status.archive
        ? { behindSegments: status.archive.behind_segments, error: status.archive.last_error ?? undefined }
        : undefined,
      store: store
        ? {
            state: store.state,
            behindMs: store.behind_ms,
            refused: store.refused ?? undefined,
            error: store.last_error ?? undefined,
          }
        : undefined,
      threadsDown: Object.fromEntries(
        Object.entries(status.threads)
          .filter(([, { state }]) => state === 'starting' || state === 'waiting')
          .map(([name, { last_error, state }]) => [name, last_error ?? state]),
      ),
      oldestProofMs: audit.oldest_market_ms,
      messageAgeMs: oldestOf(status),
      clock: status.clock ? { aheadMs: status.clock.offset_ms, errorMs: status.clock.error_ms } : undefined,
      loopP99Ms: status.event_loop_delay_ms.p99,
      lastHour: this.#hour.take(
        {
          breaks: status.counts['breaks'] ?? 0,
          lost: status.connections_lost,
          malformed: status.counts['malformed'] ?? 0,
          restarts,
          audits: audit.matched + audit.offset + audit.mismatched,
          mismatches: audit.mismatched,
          offsets: audit.offset,
        },
        nowMs,
      ),
    }
  }
}

/** The oldest median of a connection, without what our clock is surely off by. */
function oldestOf({ connections, clock }: ServiceStatus): number | undefined {
  const ages = connections.flatMap(({ message_age_ms }) => (message_age_ms === null ? [] : [message_age_ms.p50]))
  if (ages.length === 0) return undefined
  const surelyMs = clock === null ? 0 : Math.max(0, Math.abs(clock.offset_ms) - clock.error_ms)
  return Math.max(...ages) - Math.sign(clock?.offset_ms ?? 0) * surelyMs
}
