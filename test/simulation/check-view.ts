/**
 * S7: holds the copy of the books that the service answers from to the exchange. A book that it calls valid is the
 * exchange's as of the number that the copy has reached, is not old, and rests on nothing that is not durable.
 */
import { comparePositions, formatPosition } from '#domain'
import type { Market } from '#feed'
import type { Journal } from '#journal'
import { BEHIND_MS_MAX, FOLLOW_HEARTBEAT_MS, type Replica } from '#live'
import type { Verdicts } from './invariants.ts'
import { textOf } from './plain-book.ts'
import type { Truth } from './truth.ts'
import { LINE_MS_MAX } from './view-link.ts'

/** A copy notices by the last line's age, or by what the last line told; a line may be on its way. */
export const VIEW_AGE_MS_MAX = BEHIND_MS_MAX + FOLLOW_HEARTBEAT_MS + 2 * LINE_MS_MAX + 20

export class ViewChecker {
  compared = 0
  readonly #verdicts: Verdicts
  readonly #truth: Truth

  constructor(verdicts: Verdicts, truth: Truth) {
    this.#verdicts = verdicts
    this.#truth = truth
  }

  /** `journal` and `session` of the recorder that runs; `undefined` while none does. */
  check(replica: Replica, running: { journal: Journal; session: string } | undefined, nowMs: number): void {
    if (replica.state === 'live' && running !== undefined && replica.session?.id === running.session) {
      const { durable } = running.journal
      if (comparePositions(replica.position, durable) > 0) {
        const at = formatPosition(replica.position)
        this.#verdicts.broken('S7', `the copy stands at ${at}, and durable is ${formatPosition(durable)}`)
      }
    }
    for (const { market } of replica.markets()) {
      if (replica.doubtOf(market) !== undefined) continue
      const wrong = this.#wrong(replica, market, nowMs)
      if (wrong !== undefined) this.#verdicts.broken('S7', `the copy calls ${market.ticker} valid, and ${wrong}`)
    }
  }

  #wrong(replica: Replica, { ticker, source, book }: Market, nowMs: number): string | undefined {
    const session = replica.session?.id
    if (session === undefined || source === undefined) return 'it belongs to no run'
    const { connectionId, sid } = source
    const last = replica.fold.connection(connectionId)?.subscription(sid)?.last
    if (last === undefined) return `sid ${sid} of connection ${connectionId} is unknown`
    this.compared++
    const ageMs = this.#truth.ageMs(session, connectionId, sid, last, nowMs)
    if (ageMs > VIEW_AGE_MS_MAX) return `there is something behind number ${last} for ${Math.round(ageMs)} ms`
    const right = this.#truth.book(session, connectionId, sid, ticker, last)
    if (right === undefined) return undefined
    const { yes, no } = book.levels()
    const shown = `yes ${textOf([...yes])} no ${textOf([...no])}`
    return shown === right ? undefined : `at number ${last} shows\n  ${shown}\nand not\n  ${right}`
  }
}
