/** Whether a key of this type is let in. */
import { judged, notSeen, type Question } from '../question.ts'

export const keyType: Question = {
  id: 'key-type',
  fact: 'Keys of type RSA (PSS, SHA-256) and Ed25519 are taken.',
  matters: 'src/kalshi/key.ts.',
  answer({ handshakes, algorithm }) {
    const found = handshakes.find(({ name }) => name === 'signed')
    if (found === undefined || found.status === 0 || algorithm === undefined)
      return notSeen('no signed handshake was answered')
    return judged(
      found.status === 101,
      `this one is ${algorithm}: answered ${found.status} in ${Math.round(found.tookMs)} ms`,
    )
  },
}
