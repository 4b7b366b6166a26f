/** Which channels count their frames. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const numberedChannels: Question = {
  id: 'numbered-channels',
  fact: 'Trades and lifecycle messages have numbers, tickers have none.',
  matters: 'A number is used where it stands and never required: src/feed/fold.ts.',
  answer({ connections }) {
    const counts = new Map<string, { with: number; all: number }>()
    for (const each of Object.values(connections)) {
      for (const one of framesOf(each)) {
        if (!['trade', 'ticker', 'market_lifecycle_v2', 'event_lifecycle'].includes(typeOf(one))) continue
        const count = counts.get(typeOf(one)) ?? { with: 0, all: 0 }
        count.all += 1
        if (typeof one.frame['seq'] === 'number') count.with += 1
        counts.set(typeOf(one), count)
      }
    }
    if (counts.size === 0) return notSeen('none of them came')
    const observation = [...counts].map(([type, count]) => `${type}: ${count.with} of ${count.all}`).join('; ')
    return judged(
      [...counts].every(([type, count]) => count.with === (type === 'ticker' ? 0 : count.all)),
      `with a number: ${observation}`,
    )
  },
}
