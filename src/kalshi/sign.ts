/**
 * The three headers that prove to Kalshi who is asking, for the WebSocket handshake and for REST alike.
 *
 * Signed text: Unix milliseconds, method and path from the root, joined without anything between them; no host, no
 * query (docs.kalshi.com/getting_started/api_keys, read 2026-08). Kalshi refuses a stamp that is 60 s off and took one
 * that is 10 s off (measured by others on REST, 2026-10; unconfirmed live for the handshake): sign each call afresh.
 */
import type { SigningKey } from './key.ts'

export type SignedHeaders = {
  readonly 'KALSHI-ACCESS-KEY': string
  /** Unix ms in decimal. */
  readonly 'KALSHI-ACCESS-TIMESTAMP': string
  /** base64. */
  readonly 'KALSHI-ACCESS-SIGNATURE': string
}

/**
 * Headers for one call at `nowMs` (Unix ms; a fraction is cut off). `path` is the path as sent, from the root; a query
 * is left out of what is signed. Throws a RangeError for a path that does not begin with `/` or a time that is none.
 */
export function signRequest(
  key: SigningKey,
  keyId: string,
  method: string,
  path: string,
  nowMs: number,
): SignedHeaders {
  if (!path.startsWith('/')) throw new RangeError('the path to sign must begin at the root, with a slash')
  if (!Number.isFinite(nowMs) || nowMs < 0)
    throw new RangeError(`the time to sign must be Unix milliseconds, was ${nowMs}`)
  const stamp = String(Math.trunc(nowMs))
  const query = path.indexOf('?')
  const signed = query < 0 ? path : path.slice(0, query)
  return {
    'KALSHI-ACCESS-KEY': keyId,
    'KALSHI-ACCESS-TIMESTAMP': stamp,
    'KALSHI-ACCESS-SIGNATURE': key.sign(stamp + method.toUpperCase() + signed),
  }
}
