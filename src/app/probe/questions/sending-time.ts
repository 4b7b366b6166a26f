/** Which frames say when they were sent. */
import { confirmed, notSeen, type Question } from '../question.ts'
import { framesOf, typeOf } from '../seen.ts'

export const sendingTime: Question = {
  id: 'sending-time',
  fact: '`sending_ts_ms` may stand on any frame.',
  matters: 'Taken and not read: src/codec/delta-scanner.ts. Frames without it are read all the same.',
  answer({ connections }) {
    const counts = new Map<string, { with: number; all: number }>()
    const evidence: string[] = []
    for (const each of Object.values(connections)) {
      for (const one of framesOf(each)) {
        const count = counts.get(typeOf(one)) ?? { with: 0, all: 0 }
        count.all += 1
        if (typeof one.frame['sending_ts_ms'] === 'number') {
          count.with += 1
          if (count.with === 1) evidence.push(one.text)
        }
        counts.set(typeOf(one), count)
      }
    }
    const told = [...counts].map(([type, { with: withTime, all }]) => `${type} ${withTime} of ${all}`).join(', ')
    if (counts.size === 0) return notSeen('no frame came')
    const some = [...counts.values()].some((count) => count.with > 0)
    return some ? confirmed(told, evidence) : notSeen(`on none: ${told}`)
  },
}
