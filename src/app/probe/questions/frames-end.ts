/** With what a frame ends. */
import { judged, notSeen, type Question } from '../question.ts'
import { framesOf } from '../seen.ts'

export const framesEnd: Question = {
  id: 'frames-end',
  fact: 'Text frames end with a newline, and are one object each.',
  matters: 'Either is read: src/codec/delta-scanner.ts.',
  answer({ connections }) {
    const frames = Object.values(connections).flatMap((each) => framesOf(each))
    if (frames.length === 0) return notSeen('no frame came')
    const ended = frames.filter(({ text }) => text.endsWith('\n')).length
    const broken = frames.filter(({ frame }) => Object.keys(frame).length === 0)
    return judged(
      ended === frames.length && broken.length === 0,
      `${ended} of ${frames.length} end with a newline; ${broken.length} are no object`,
      broken.map(({ text }) => text),
    )
  },
}
