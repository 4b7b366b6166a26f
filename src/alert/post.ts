/** One POST of JSON, given up when the signal fires: what both kinds of webhook are. The answer's body is read in part and only told. */
import { type Hidden, hostOf, SendError, withoutAddress } from './target.ts'

/** Of an answer that refuses: enough for its reason. */
const ANSWER_BYTES_MAX = 2_000

export async function post(
  url: Hidden,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const host = hostOf(url)
  let answer: Response
  try {
    answer = await fetch(url.reveal(), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'kalshiflow', ...headers },
      // An address that moved is to be set anew: following it would hand the message to somebody else.
      redirect: 'manual',
      signal,
    })
  } catch (error) {
    throw new SendError('FLOW_ALERT_UNREACHABLE', `${host} cannot be reached: ${reasonOf(error)}`, true)
  }
  if (answer.status >= 200 && answer.status < 300) {
    await answer.body?.cancel().catch(() => {})
    return
  }
  const said = withoutAddress(await beginning(answer), url)
  const mayPass = answer.status >= 500 || answer.status === 429 || answer.status === 408
  const todo = mayPass ? '' : ': check the address in the settings'
  throw new SendError('FLOW_ALERT_REFUSED', `${host} answered ${answer.status}${said && ` (${said})`}${todo}`, mayPass)
}

async function beginning(answer: Response): Promise<string> {
  try {
    const reader = answer.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    await reader?.cancel()
    return new TextDecoder()
      .decode(value?.subarray(0, ANSWER_BYTES_MAX))
      .replaceAll(/[^\x20-\x7e]+/g, ' ')
      .trim()
      .slice(0, 200)
  } catch {
    return ''
  }
}

function reasonOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'no answer in time'
  if ((error as Error).name === 'AbortError') return 'given up, since the recorder ends'
  const cause = (error as { cause?: { code?: string } }).cause
  return cause?.code ?? (error as Error).name
}
