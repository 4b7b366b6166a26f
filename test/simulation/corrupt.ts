/** Frames as no exchange should send them, with what can still be read of their place: a checker counts only that. */
import type { SeededRandom } from '#journal'
import type { Sent } from './exchange.ts'

const RUBBISH = ['', 'null', '[]', '"', '{}', 'constructor', '\u0000', '{"type":7}']

/** The frame spoiled. `sid` and `seq` are left only where a reader can still find both. */
export function corrupt(frame: Sent, random: SeededRandom): Sent {
  const { text, sid, seq } = frame
  const lost: Omit<Sent, 'text'> = { kind: 'unknown', isSpoiled: true }
  const mood = random.below(6)
  if (mood === 0) return { ...lost, text: RUBBISH[random.below(RUBBISH.length)]! }
  if (mood === 1 && text.includes('"sid":')) return { ...lost, text: text.replace('"sid":', '"side":') }
  const spoiled = mood < 4 ? spoil(frame) : text.replace(/"market_ticker":"[^"]*"/, '"market_ticker":7')
  if (mood === 5 || spoiled === text || sid === undefined || seq === undefined) {
    return { ...lost, text: text.slice(0, random.below(text.length - 2)) }
  }
  return { ...lost, text: spoiled, sid, seq }
}

function spoil({ kind, text }: Sent): string {
  if (kind === 'delta') return text.replace(/"price_dollars":"[^"]*"/, '"price_dollars":"0.5x"')
  if (kind === 'trade') return text.replace('"count_fp":"1.00"', '"count_fp":"-1.00"')
  return kind === 'snapshot' ? text.replace(/\}\}\n$/, ',"no_dollars_fp":[["1.5000","3.00"]]}}\n') : text
}
