/** What `/markets/orderbooks` does with tickers that are not listed. */
import { judged, notSeen, type Question, refuted } from '../question.ts'
import { asJson, restOf } from '../seen.ts'

export const restUnknownBooks: Question = {
  id: 'rest-unknown-books',
  fact: '`/markets/orderbooks` leaves out tickers that are not listed.',
  matters: 'A book that is not there is no empty one: src/kalshi/rest-client.ts.',
  answer(seen) {
    const asked = restOf(seen, 'books')
    if (asked === undefined) return notSeen('it was not asked')
    const list = asJson(asked.body)['orderbooks']
    if (asked.status !== 200 || !Array.isArray(list))
      return refuted(`answered ${asked.status}`, [asked.text.slice(0, 500)])
    const tickers = list.map((each) => asJson(each)['ticker'])
    return judged(
      !tickers.includes(seen.unknownTicker),
      `${tickers.length} books came; the unknown ticker ${tickers.includes(seen.unknownTicker) ? 'is' : 'is not'} among them`,
    )
  },
}
