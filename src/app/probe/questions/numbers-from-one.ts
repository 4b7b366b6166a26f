/** Whether a sid counts from 1, without a hole, across all its frames. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf } from '../seen.ts'

export const numbersFromOne: Question = {
  id: 'numbers-from-one',
  fact: 'A sid counts from 1 after `subscribed`, by one, through all its markets and control frames.',
  matters: 'Anything else is taken for a loss: src/feed/subscription.ts.',
  answer({ connections }) {
    const told: string[] = []
    const wrong: string[] = []
    let numbered = 0
    for (const connection of Object.values(connections)) {
      const last = new Map<unknown, number>()
      for (const { frame, text } of framesOf(connection)) {
        const { sid, seq } = frame
        if (typeof seq !== 'number') continue
        const before = last.get(sid) ?? 0
        if (seq !== before + 1) wrong.push(text)
        last.set(sid, seq)
        numbered += 1
      }
      for (const [sid, seq] of last) told.push(`${connection.name} sid ${sid}: 1 to ${seq}`)
    }
    if (numbered === 0) return notSeen('no numbered frame came')
    return judged(
      wrong.length === 0,
      `${numbered} numbered frames; ${told.join('; ')}; ${wrong.length} out of turn`,
      wrong,
    )
  },
}
