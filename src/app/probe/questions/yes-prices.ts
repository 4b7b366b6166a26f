/** Whether `use_yes_price` says in which prices NO levels come. */

import { fitPrices } from '../price-fit.ts'
import { judged, notSeen, type Question } from '../question.ts'

export const yesPrices: Question = {
  id: 'yes-prices',
  fact: 'With `use_yes_price` true NO levels come in YES prices, with false in NO prices.',
  matters: 'Read the wrong way round, no book would be valid: src/feed/orientation.ts.',
  answer({ connections: { yes, no } }) {
    const { books, asTheyAre, turned, samples } = fitPrices(yes, no)
    if (asTheyAre + turned === 0) return notSeen('no market had NO levels on both connections')
    const observation = `${books} markets on both: levels sent for true are found among those sent for false ${asTheyAre} times as they are, ${turned} times turned round`
    return judged(turned > 2 * asTheyAre, observation, samples)
  },
}
