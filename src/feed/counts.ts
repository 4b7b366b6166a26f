/** What a fold has seen, by kind. Plain numbers that only grow; each names one thing. */
export type FoldCounts = ReturnType<typeof newCounts>

export const newCounts = () => ({
  frames: 0,
  /** Deltas read by the byte scanner; the rest went through the plain decoder. */
  scanned: 0,
  deltas: 0,
  snapshots: 0,
  trades: 0,
  tickers: 0,
  controls: 0,
  commands: 0,
  /** Types that we do not read. */
  unknown: 0,
  malformed: 0,
  /** Numbers already passed; their frames were dropped. */
  repeats: 0,
  /** Sequence breaks. */
  breaks: 0,
  /** Deltas that would have left less than nothing. */
  negative: 0,
  /** Books still crossed after their exchange time. */
  crossed: 0,
  /** Deltas of a book that is not proven: journaled, not applied. */
  unproven: 0,
  /** Book frames of markets that were not asked for, or were let go: journaled, not applied. */
  unasked: 0,
  /** Frames of a subscription or connection that was never announced. */
  unplaced: 0,
  /** Snapshots that said "no such market". */
  unknownMarkets: 0,
  /** Snapshots of proven books, by what they told of them. */
  auditsMatched: 0,
  auditsOffset: 0,
  auditsMismatched: 0,
  /** Snapshots that differed, of books that were in doubt or replaced before anything could explain it. */
  auditsUnsettled: 0,
  /** Snapshots passed over by a reader that has not seen the book that they were compared with. */
  unread: 0,
})
