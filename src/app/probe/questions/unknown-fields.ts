/** What the exchange sends that the program does not know. */
import { decodeFrame, FieldCensus } from '#codec'
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf } from '../seen.ts'

export const unknownFields: Question = {
  id: 'unknown-fields',
  fact: 'Frames have the types and fields that the program knows.',
  matters: 'Unknown ones are kept in the journal, counted and passed over: src/codec/field-census.ts.',
  answer({ connections }) {
    const census = new FieldCensus()
    const types = new Set<string>()
    let frames = 0
    for (const each of Object.values(connections)) {
      for (const { text } of framesOf(each)) {
        frames += 1
        const read = decodeFrame(text, true, census.watch)
        if (read.type === 'unknown' && !EXPECTED.includes(read.name)) types.add(read.name)
      }
    }
    if (frames === 0) return notSeen('no frame came')
    const fields = [...census.counts()].map(([name, count]) => `${name} (${count})`)
    const unknown = [...[...types].map((type) => `type ${type}`), ...fields]
    return judged(
      unknown.length === 0,
      unknown.length === 0 ? `nothing unknown in ${frames} frames` : unknown.join(', '),
    )
  },
}

/** Subscribed to for one question alone, and not read by the recorder. */
const EXPECTED = ['market_lifecycle_v2', 'event_lifecycle', 'event_fee_update']
