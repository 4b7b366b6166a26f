/** One ping of the dead-man's address: a GET that must be answered 2xx. The address is a secret. */
import { type Hidden, hostOf, SendError } from './target.ts'

export const PING_MS_MAX = 10_000

/** Throws {@link SendError}. */
export async function pingDeadMan(url: Hidden, giveUp?: AbortSignal): Promise<void> {
  let status: number
  try {
    const answer = await fetch(url.reveal(), {
      headers: { 'user-agent': 'kalshiflow' },
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(PING_MS_MAX), ...(giveUp ? [giveUp] : [])]),
    })
    status = answer.status
    await answer.body?.cancel().catch(() => {})
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause
    const why =
      (error as Error).name === 'TimeoutError' ? `no answer within ${PING_MS_MAX / 1000} s` : (cause?.code ?? 'failed')
    throw new SendError('FLOW_DEADMAN_UNREACHABLE', `${hostOf(url)} cannot be reached: ${why}`, true)
  }
  if (status < 200 || status > 299)
    throw new SendError(
      'FLOW_DEADMAN_REFUSED',
      `${hostOf(url)} answered ${status}: check KALSHIFLOW_DEADMAN_URL`,
      false,
    )
}
