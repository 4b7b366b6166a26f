/**
 * A REST request that failed for good, and how Kalshi's three error shapes are read.
 *
 * The shapes: `{"code","message","details"}` as specified, the same under `error`, and `{"error":"too many requests"}`
 * (docs.kalshi.com, read 2026-08, and bodies seen by other clients).
 */
export type RestErrorCode =
  /** No answer: name not found, refused, cut off. */
  | 'FLOW_REST_UNREACHABLE'
  | 'FLOW_REST_TIMEOUT'
  /** The caller's signal. */
  | 'FLOW_REST_ABORTED'
  | 'FLOW_REST_TOO_LARGE'
  /** An answer that is not what the endpoint promises. */
  | 'FLOW_REST_MALFORMED'
  | 'FLOW_REST_RATE_LIMITED'
  /** 401 or 403. */
  | 'FLOW_REST_REFUSED'
  | 'FLOW_REST_NOT_FOUND'
  /** Any other status but 2xx. */
  | 'FLOW_REST_STATUS'

export type RestErrorFields = {
  /** Path and query from the root. */
  readonly path: string
  /** HTTP status; 0 without an answer. */
  readonly status: number
  /** Requests made, this one included. */
  readonly tries: number
  /** Kalshi's own word for the fault, such as `header_timestamp_expired`. */
  readonly exchangeCode?: string
  /** How long the exchange asked us to stay away. */
  readonly retryAfterMs?: number
}

export class RestError extends Error {
  override readonly name = 'RestError'
  readonly code: RestErrorCode
  readonly path: string
  readonly status: number
  readonly tries: number
  readonly exchangeCode: string | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: RestErrorCode, message: string, fields: RestErrorFields, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = fields.path
    this.status = fields.status
    this.tries = fields.tries
    this.exchangeCode = fields.exchangeCode
    this.retryAfterMs = fields.retryAfterMs
  }
}

const TEXT_CHARACTERS_MAX = 200

/** What an error body says, in whichever shape; empty for a body that says nothing we know. Safe to print. */
export function readErrorBody(body: string): { readonly code?: string; readonly text?: string } {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return {}
  }
  const outer = asRecord(parsed)
  const error = outer['error']
  if (typeof error === 'string') return { text: printable(error) }
  const { code, message, details } = error === undefined ? outer : asRecord(error)
  const text = [message, details].filter((each): each is string => typeof each === 'string' && each !== '').join(': ')
  return {
    ...(typeof code === 'string' ? { code: printable(code) } : {}),
    ...(text === '' ? {} : { text: printable(text) }),
  }
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, TEXT_CHARACTERS_MAX)
