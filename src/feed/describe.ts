/**
 * What a fold knows, as the bodies of journal records: the context that a segment begins with, and a market's checkpoint.
 * The inverse of {@link Fold.context} and {@link Fold.checkpoint}. Pure.
 */
import type { CheckpointBook, ContextBody, ContextConnection } from '#domain'
import type { Connection } from './connection.ts'
import type { Fold } from './fold.ts'
import type { Market } from './market.ts'

export function describeContext(fold: Fold, session: string): ContextBody {
  return { session, connections: [...fold.connections()].map((each) => describeConnection(fold, each)) }
}

/**
 * `undefined` unless the book is proven: a checkpoint of a book in doubt would be believed. A crossed one is left for later:
 * until when its group may last is not in a checkpoint. Nor is a book that is being audited: whoever takes it over has not
 * seen the question, and would take the answer for what it is not. Nor one whose frames are in no journal: its next snapshot is
 * a reader's first.
 */
export function describeCheckpoint(market: Market): CheckpointBook | undefined {
  const { source, book, seq, exchangeMs } = market
  if (!market.proven || market.isUnrecorded || source === undefined) return undefined
  if (book.isCrossed || market.audit !== undefined) return undefined
  const { connectionId: connection, sid, last = 0 } = source
  return { market: market.ticker, connection, sid, sidSeq: last, seq, exchangeMs, ...book.levels() }
}

function describeConnection(fold: Fold, connection: Connection): ContextConnection {
  const { id, opened, orientation, asked } = connection
  return {
    ...opened,
    connection: id,
    ...(connection.sendsIds ? { sendsIds: true } : {}),
    orientation: orientation.describe(),
    asked: asked.describe(),
    ...doubtsOf(fold, connection),
    sids: connection.subscriptions().map(({ sid, channel, last, exchangeMs, lastMs, passed }) => ({
      sid,
      channel,
      exchangeMs,
      lastMs,
      ...(last === undefined ? {} : { lastSeq: last }),
      ...(passed === undefined ? {} : { passed }),
    })),
  }
}

function doubtsOf(fold: Fold, { asked }: Connection): Pick<ContextConnection, 'doubts'> {
  const doubts: { market: string; cause: string }[] = []
  for (const ticker of asked.tickers()) {
    const market = fold.market(ticker)
    // What led to the book is in no journal: whoever begins here has to wait for its next snapshot.
    const cause = market?.isUnrecorded === true ? 'disk_full' : market?.cause
    if (cause === undefined || asked.isAwaiting(ticker)) continue
    doubts.push({ market: ticker, cause })
  }
  return doubts.length === 0 ? {} : { doubts }
}
