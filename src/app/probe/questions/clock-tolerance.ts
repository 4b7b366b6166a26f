/** How far off a signature’s time may be. */
import { judged, notSeen, type Question } from '../question.ts'

export const clockTolerance: Question = {
  id: 'clock-tolerance',
  fact: 'A handshake signed 10 s ago is taken, one signed 60 s ago refused.',
  matters: 'Signed afresh for each connect: src/kalshi/link.ts.',
  answer({ handshakes }) {
    const [ten, sixty] = [
      handshakes.find(({ name }) => name === 'late_10s'),
      handshakes.find(({ name }) => name === 'late_60s'),
    ]
    if (ten === undefined || sixty === undefined || ten.status === 0 || sixty.status === 0)
      return notSeen('not both were answered')
    const observation = `10 s: ${ten.status}; 60 s: ${sixty.status} ${sixty.body}`
    return judged(ten.status === 101 && sixty.status === 401, observation)
  },
}
