/** How a market that is settled is answered. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const settledMarket: Question = {
  id: 'settled-market',
  fact: 'A settled market subscribes cleanly and sends nothing but its snapshot.',
  matters: 'Silence is no alarm.',
  answer({ connections: { yes }, settledTicker: ticker }) {
    if (ticker === undefined) return notSeen('the exchange listed no settled market')
    const about = framesOf(yes).filter(({ msg }) => msg['market_ticker'] === ticker)
    const errors = framesOf(yes).filter((one) => typeOf(one) === 'error' && one.text.includes(ticker))
    const others = about.filter((one) => typeOf(one) !== 'orderbook_snapshot')
    const evidence = [...about, ...errors].map(({ text }) => text)
    return judged(
      errors.length === 0 && others.length === 0,
      `${about.length} frames about it, ${others.length} of them no snapshot, ${errors.length} errors`,
      evidence,
    )
  },
}
