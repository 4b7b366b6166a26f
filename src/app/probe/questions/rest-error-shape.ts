/** How a fault looks in a body. */
import { judged, notSeen, type Question } from '../question.ts'
import { asJson, restOf } from '../seen.ts'

export const restErrorShape: Question = {
  id: 'rest-error-shape',
  fact: 'Faults come as `{"code","message","details"}`, the same under `error`, or `{"error":"…"}`.',
  matters: 'All three are read: src/kalshi/rest-error.ts.',
  answer(seen) {
    const asked = restOf(seen, 'unknown_market')
    if (asked === undefined || asked.status < 400)
      return notSeen(asked === undefined ? 'it was not asked' : `answered ${asked.status}`)
    const body = asJson(asked.body)
    const error = body['error']
    const shape =
      typeof error === 'string'
        ? 'a word'
        : typeof asJson(error)['code'] === 'string'
          ? 'under error'
          : typeof body['code'] === 'string'
            ? 'at the top'
            : 'none of the three'
    return judged(shape !== 'none of the three', `answered ${asked.status}, ${shape}`, [asked.text.slice(0, 500)])
  },
}
