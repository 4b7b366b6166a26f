/** What answers a `get_snapshot`. */
import { judged, notSeen, type Question } from '../question.ts'
import { answersTo, commandsWith, framesOf, typeOf } from '../seen.ts'

export const snapshotWithoutOk: Question = {
  id: 'snapshot-without-ok',
  fact: '`get_snapshot` is answered by the snapshots alone, in the sid’s numbers, without an `ok`.',
  matters: 'No answer is awaited for it: src/feed/command-queue.ts.',
  answer({ connections: { yes } }) {
    const asked = commandsWith(yes, 'get_snapshot')
    if (asked.length === 0) return notSeen('none was asked for')
    const answers = asked.map(({ id }) => answersTo(yes, id))
    const oks = answers.flat().filter((one) => typeOf(one) === 'ok')
    const snapshots = framesOf(yes).filter((one) => typeOf(one) === 'orderbook_snapshot' && one.atMs >= asked[0]!.atMs)
    if (snapshots.length === 0) return notSeen(`${asked.length} asked for, and no snapshot came`)
    const withId = answers.flat().filter((one) => typeOf(one) === 'orderbook_snapshot')
    const observation = `${asked.length} asked for: ${snapshots.length} snapshots after the first, ${withId.length} of them with the command’s id, ${oks.length} \`ok\``
    return judged(
      oks.length === 0,
      observation,
      [...oks, ...withId].map(({ text }) => text),
    )
  },
}
