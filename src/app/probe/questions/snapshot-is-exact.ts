/** Whether an answer to `get_snapshot` is the book of all deltas with lower numbers. */

import { PlainBooks } from '../plain-books.ts'
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const snapshotIsExact: Question = {
  id: 'snapshot-is-exact',
  fact: 'The answer to `get_snapshot` holds exactly the deltas with lower numbers, inside one `ts_ms` too.',
  matters: 'A book is audited with it: a difference puts it in doubt.',
  answer({ connections: { yes } }) {
    const books = new PlainBooks()
    let equal = 0
    let insideGroup = 0
    const differing: string[] = []
    for (const one of framesOf(yes)) {
      // After a close an empty snapshot comes unasked: it tells of what happened, not of what was missed.
      const isAsked = one.frame['id'] !== undefined || 'yes_dollars_fp' in one.msg || 'no_dollars_fp' in one.msg
      const held = typeOf(one) === 'orderbook_snapshot' && isAsked ? books.text(one) : undefined
      const changedMs = books.changedMs(one)
      books.take(one)
      if (held === undefined) continue
      if (held === books.text(one)) equal += 1
      else {
        differing.push(`held ${held}`, one.text)
        if (changedMs > 0) insideGroup += 1
      }
    }
    const compared = equal + differing.length / 2
    if (compared === 0) return notSeen('no second snapshot of a market came')
    const observation = `${compared} snapshots compared with the book just before: ${equal} equal, ${differing.length / 2} not (${insideGroup} of those after a delta)`
    return judged(differing.length === 0, observation, differing)
  },
}
