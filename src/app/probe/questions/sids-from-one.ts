/** Which sids a connection is given. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const sidsFromOne: Question = {
  id: 'sids-from-one',
  fact: 'A sid is made for each channel and connection, from 1 on each connection.',
  matters: 'Nothing is carried over to another connection: src/feed/connection.ts.',
  answer({ connections }) {
    const each = Object.values(connections).map(({ name, ...connection }) => ({
      name,
      sids: framesOf({ name, ...connection })
        .filter((one) => typeOf(one) === 'subscribed')
        .map(({ msg }) => msg['sid']),
    }))
    const told = each.map(({ name, sids }) => `${name}: ${sids.join(', ')}`).join('; ')
    const some = each.filter(({ sids }) => sids.length > 0)
    if (some.length === 0) return notSeen('nothing was subscribed')
    return judged(
      some.every(({ sids }) => sids.every((sid, index) => sid === index + 1)),
      told,
    )
  },
}
