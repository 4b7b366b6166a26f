/** In which order levels stand in a snapshot. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const levelOrder: Question = {
  id: 'level-order',
  fact: 'Levels of a snapshot stand in ascending order of price.',
  matters: 'They are sorted anyway.',
  answer({ connections: { no } }) {
    const lists = framesOf(no)
      .filter((one) => typeOf(one) === 'orderbook_snapshot')
      .flatMap(({ msg }) => [msg['yes_dollars_fp'], msg['no_dollars_fp']])
      .filter((list): list is [string, string][] => Array.isArray(list) && list.length > 1)
    if (lists.length === 0) return notSeen('no side with two levels came')
    const isRising = (list: [string, string][]) =>
      list.every(([price], index) => index === 0 || Number(price) > Number(list[index - 1]![0]))
    const rising = lists.filter(isRising).length
    return judged(rising === lists.length, `${rising} of ${lists.length} sides rise`)
  },
}
