/** Whether market data is answered without a signature. */
import { judged, notSeen, type Question } from '../question.ts'
import { restOf } from '../seen.ts'

export const restUnsigned: Question = {
  id: 'rest-unsigned',
  fact: 'Market data needs no signature; unsigned answers are cached for 15 s, signed ones are not.',
  matters: 'Signed where there is a key: src/kalshi/rest-client.ts.',
  answer(seen) {
    const [signed, unsigned] = [restOf(seen, 'book'), restOf(seen, 'book_unsigned')]
    if (signed === undefined || unsigned === undefined) return notSeen('not both were asked')
    const cached = /max-age=(\d+)/.exec(unsigned.headers['cache-control'] ?? '')?.[1]
    const observation = `signed ${signed.status}, unsigned ${unsigned.status}; unsigned max-age ${cached ?? 'none'}, age ${unsigned.headers['age'] ?? 'none'}; signed cache-control ${signed.headers['cache-control'] ?? 'none'}`
    return judged(unsigned.status === 200 && cached !== undefined, observation)
  },
}
