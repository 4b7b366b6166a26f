/** Which of the two comes first when something trades. */
import { confirmed, notSeen, type Question, refuted } from '../question.ts'
import { framesOf, type SeenFrame, typeOf } from '../seen.ts'

export const tradeAndDelta: Question = {
  id: 'trade-and-delta',
  fact: 'A trade and the delta that it causes come in no order that can be relied on.',
  matters: 'Nothing relies on one; a dataset may want to know.',
  answer({ connections: { no } }) {
    const frames = framesOf(no)
    const counts = { before: 0, after: 0, none: 0 }
    const evidence: string[] = []
    for (const [index, trade] of frames.entries()) {
      if (typeOf(trade) !== 'trade' || trade.msg['is_block_trade'] === true) continue
      const fits = (one: SeenFrame) =>
        typeOf(one) === 'orderbook_delta' &&
        one.msg['market_ticker'] === trade.msg['market_ticker'] &&
        one.msg['ts_ms'] === trade.msg['ts_ms'] &&
        String(one.msg['delta_fp']).startsWith('-')
      const before = frames.slice(Math.max(0, index - NEAR), index).some(fits)
      const after = frames.slice(index + 1, index + NEAR).find(fits)
      counts[before ? 'before' : after === undefined ? 'none' : 'after'] += 1
      if (!before && after !== undefined) evidence.push(trade.text, after.text)
    }
    const trades = counts.before + counts.after + counts.none
    if (trades === 0) return notSeen('nothing traded')
    const observation = `${trades} trades: the delta of their ts_ms came before ${counts.before}, after ${counts.after}, not near ${counts.none}`
    return trades === counts.before || trades === counts.after
      ? refuted(`${observation}: always in one order here`, evidence)
      : confirmed(observation, evidence)
  },
}

/** Frames to look at on either side. */
const NEAR = 200
