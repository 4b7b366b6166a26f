/** Which of the markets that closed have their result, as the exchange told it in what was read. */
import type { ViewedMarket } from '../reading/ledger-view.ts'
import type { Results } from './report.ts'

const SETTLED = /^(determined|finalized|settled)$/

/** As of `untilMs`; one that closed longer ago than `resultMsMax`, or is called settled, should have its result. */
export function resultsOf(
  markets: readonly ViewedMarket[],
  { fromMs, untilMs, resultMsMax }: { readonly fromMs: number; readonly untilMs: number; readonly resultMsMax: number },
): Results {
  const closed = markets.filter(({ times: { closeMs, status } }) =>
    closeMs === undefined ? SETTLED.test(status ?? '') : closeMs <= untilMs && closeMs >= fromMs,
  )
  const overdue = closed
    .filter(({ times: { closeMs = untilMs, status, result } }) => {
      return result === undefined && (SETTLED.test(status ?? '') || untilMs - closeMs > resultMsMax)
    })
    .map(({ market, times: { closeMs, status } }) => ({ market, closedMs: closeMs, status }))
    .sort((a, b) => (a.closedMs ?? 0) - (b.closedMs ?? 0))
  const withResult = closed.filter(({ times: { result } }) => result !== undefined).length
  return { closed: closed.length, withResult, overdue }
}
