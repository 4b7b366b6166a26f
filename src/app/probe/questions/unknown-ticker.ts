/** How a ticker that nobody knows is answered. */
import { judged, notSeen, type Question, refuted } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const unknownTicker: Question = {
  id: 'unknown-ticker',
  fact: 'An unknown ticker gets a snapshot with `market_id` "".',
  matters: 'Such a market is never valid and told as unknown: src/feed/fold.ts.',
  answer({ connections: { yes }, unknownTicker: ticker }) {
    const about = framesOf(yes).filter(({ text }) => text.includes(ticker))
    const snapshot = about.find((one) => typeOf(one) === 'orderbook_snapshot')
    const evidence = about.map(({ text }) => text)
    if (about.length === 0) return notSeen('nothing came about it', evidence)
    if (snapshot === undefined) return refuted(`no snapshot, but ${about.map(typeOf).join(', ')}`, evidence)
    return judged(
      snapshot.msg['market_id'] === '',
      `a snapshot with market_id ${JSON.stringify(snapshot.msg['market_id'])}`,
      evidence,
    )
  },
}
