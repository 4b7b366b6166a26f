/** What the exchange does where the flag is not said. */

import { fitPrices } from '../price-fit.ts'
import { judged, notSeen, type Question } from '../question.ts'

export const priceDefault: Question = {
  id: 'price-default',
  fact: 'Without `use_yes_price` NO levels come in NO prices (to be turned round one day).',
  matters: 'The flag is always sent; the answer says whether the default has changed.',
  answer({ connections: { unsaid, no } }) {
    const { books, asTheyAre, turned, samples } = fitPrices(unsaid, no)
    if (asTheyAre + turned === 0) return notSeen('no market had NO levels on both connections')
    const isNo = asTheyAre > turned
    const observation = `the default is ${isNo ? 'NO' : 'YES'} prices: of ${books} markets, levels are found among those sent for false ${asTheyAre} times as they are, ${turned} times turned round`
    return judged(isNo, observation, samples)
  },
}
