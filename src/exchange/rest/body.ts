/** What REST answers with: a status, a body, and the few error shapes that recorded bodies have (2026-08). */
export type RestAnswer = { readonly status: number; readonly body: string }

export const ok = (body: unknown): RestAnswer => ({ status: 200, body: JSON.stringify(body) })

/** `{"error":{"code","message","details"}}` */
export const failed = (status: number, code: string, details: string): RestAnswer => ({
  status,
  body: JSON.stringify({ error: { code, message: code.replaceAll('_', ' '), details } }),
})

export const badRequest = (details: string): RestAnswer => failed(400, 'bad_request', details)
export const notFound = (details: string): RestAnswer => failed(404, 'not_found', details)

/** The same for handshakes and requests, without a code and without Retry-After (docs.kalshi.com rate limits, 2026-08). */
export const TOO_MANY: RestAnswer = { status: 429, body: '{"error":"too many requests"}' }

/** While the exchange pauses; what Kalshi answers then is unconfirmed live. */
export const UNAVAILABLE: RestAnswer = failed(503, 'service_unavailable', 'the exchange is closed for maintenance')
