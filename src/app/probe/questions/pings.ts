/** How often the exchange pings, and with what. */
import { judged, notSeen, type Question } from '../question.ts'

export const pings: Question = {
  id: 'pings',
  fact: 'The exchange pings every 10 s with the body `heartbeat`.',
  matters: 'A connection without pings for KALSHIFLOW_PING_SILENCE_MS counts as lost.',
  answer({ connections }) {
    const all = Object.values(connections).map(({ pings }) => pings)
    const gapsMs = all.flatMap((pings) => pings.slice(1).map(({ atMs }, index) => atMs - pings[index]!.atMs))
    const bodies = [...new Set(all.flat().map(({ body }) => body))]
    if (gapsMs.length === 0) return notSeen(`${all.flat().length} pings came: too few to tell their distance`)
    const mean = gapsMs.reduce((sum, each) => sum + each, 0) / gapsMs.length
    const observation = `${all.flat().length} pings, ${(mean / 1000).toFixed(1)} s apart (longest ${(Math.max(...gapsMs) / 1000).toFixed(1)}), body ${JSON.stringify(bodies)}`
    return judged(Math.abs(mean - 10_000) < 1_500 && bodies.join() === 'heartbeat', observation)
  },
}
