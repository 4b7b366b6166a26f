/**
 * What the recorder does with what the fold notices: tells the session of the connection, the hub and the log.
 *
 * Called from inside the fold, on the hot path: it marks and tells, and changes nothing. What a session decides is carried
 * out after the frame (see ExchangeLink).
 */
import { YES } from '#domain'
import type { BestBid, FoldListener, Market, Session } from '#feed'
import type { ExchangeLink } from '#kalshi'
import type { BookHub } from '#live'
import type { Log } from '../log/log.ts'
import type { RepeatedLines } from '../log/log-repeats.ts'
import type { AuditTally } from './audit-tally.ts'
import type { MessageAge } from './message-age.ts'

/** A frame that could not be read. The frame itself is in the journal. */
export type Quarantined = {
  readonly atMs: number
  readonly connection: number
  readonly at: string
  readonly was: string
  readonly market: string | undefined
}

/** Faulty frames kept for a look. */
const QUARANTINE_MAX = 100

export type ListenerParts = {
  readonly log: Log
  /** For what a bad wire could make us say a thousand times a second. */
  readonly repeats: RepeatedLines
  readonly hub: BookHub
  readonly age: MessageAge
  readonly audits: AuditTally
  /** The latest faulty frames; the oldest go. */
  readonly quarantine: Quarantined[]
  /** Deltas of a market after which its book is due for the journal. */
  readonly checkpointDeltas: number
  readonly onCheckpointDue: (market: Market) => void
  readonly marketOf: (ticker: string) => Market | undefined
  readonly linkOf: (connection: number) => ExchangeLink | undefined
  /** Unix ms in the journal's time. */
  readonly nowMs: () => number
}

export function listenFor(parts: ListenerParts): FoldListener {
  const { log, repeats, hub, age, audits, quarantine, checkpointDeltas, onCheckpointDue, marketOf, linkOf, nowMs } =
    parts
  const tell = (connection: number | undefined, event: (session: Session, nowMs: number) => void) => {
    if (connection !== undefined) linkOf(connection)?.tell(event)
  }
  return {
    changed: (market) => {
      // A snapshot carries no exchange time.
      if (market.exchangeMs > 0) age.record(market.source?.connectionId ?? 0, market.changedMs - market.exchangeMs)
      if (market.deltasSinceCheckpoint >= checkpointDeltas) onCheckpointDue(market)
      hub.changed(market)
    },
    validity: (market) => {
      hub.changed(market)
      log.debug({ event: 'validity_changed', market: market.ticker, valid: market.valid, doubt: market.doubt })
    },
    keptBack: (market) => {
      hub.changed(market)
      if (market.valid) return
      tell(market.source?.connectionId, (session, now) => session.differs(market.ticker, now))
    },
    audited: (market, found) => {
      audits.settled(market, found)
      tell(found.connection, (session, now) => session.audited(market.ticker, found, now))
    },
    proven: (market) =>
      tell(market.source?.connectionId, (session, now) => session.proven(market.ticker, now, bestBidOf(market))),
    doubted: (market, cause) =>
      tell(market.source?.connectionId, (session, now) => session.doubted(market.ticker, cause, now)),
    unknownMarket: (connection, market) => {
      repeats.write('warn', { event: 'market_unknown', connection, market: market.ticker })
      tell(connection, (session, now) => session.answered(market.ticker, now))
    },
    broken: (connection, { sid, channel }, expected, received) => {
      repeats.write('warn', { event: 'sequence_broken', connection, sid, channel, expected, received })
      tell(connection, (session, now) => session.broken(channel, now))
    },
    fellBack: (connection, { sid, channel }, received) => {
      repeats.write('warn', { event: 'sequence_fell_back', connection, sid, channel, received })
      tell(connection, (session, now) => session.fellBack(channel, now))
    },
    stirred: (connection, { ticker }) => tell(connection, (session, now) => session.stirred(ticker, now)),
    unread: (connection, type) => {
      repeats.write('warn', { event: 'type_unknown', connection, type })
      tell(connection, (session, now) => session.unread(type, now))
    },
    ticker: (connection, { market: ticker, yesBid, yesBidSize }) => {
      if (yesBid === undefined) return
      const market = marketOf(ticker)
      const ours = market?.valid === true && market.source?.connectionId === connection ? bestBidOf(market) : undefined
      tell(connection, (session, now) => session.quoted(ticker, { price: yesBid, size: yesBidSize }, ours, now))
    },
    oriented: ({ id, orientation }) => {
      const level = orientation.verdict === 'wrong' ? 'error' : 'info'
      tell(id, (session, now) => session.oriented(orientation.doubtful, now))
      log[level]({ event: 'orientation_judged', connection: id, verdict: orientation.verdict, ...orientation.sample })
    },
    control: (connection, frame) => tell(connection, (session, now) => session.control(frame, now)),
    malformed: (connection, { at, was, market }) => {
      quarantine.push({ atMs: nowMs(), connection, at, was, market })
      if (quarantine.length > QUARANTINE_MAX) quarantine.shift()
      repeats.write('warn', { event: 'frame_malformed', connection, at, was, market })
      tell(connection, (session, now) =>
        market === undefined ? session.unreadableAll(now, at) : session.unreadable(market, now, at),
      )
    },
  }
}

const bestBidOf = ({ book }: Market): BestBid => {
  const price = book.best(YES)
  return { price, size: price === 0 ? 0 : book.sizeAt(YES, price) }
}
