/**
 * One HTTP request to its answer: the signature if there is one, then the key's tokens, then the answer, which for a
 * request without a signature may be one of some seconds ago.
 */
import type { KeyObject } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Venue } from '../venue.ts'
import { admit, isSigned, keyIdOf } from '../wire/handshake.ts'
import { answerRest, SENT_PATHS, STATUS_PATH } from './answer.ts'
import { AnswerCache } from './answer-cache.ts'
import { badRequest, failed, ok, type RestAnswer, TOO_MANY } from './body.ts'
import { statusPaused } from './fixed-pages.ts'
import { TokenBuckets } from './tokens.ts'

type Answer = RestAnswer & { readonly headers?: Readonly<Record<string, string>> }

export type RestServiceOptions = {
  readonly venue: Venue
  readonly key: KeyObject
  readonly nowMs: () => number
  readonly sent: () => unknown
  /** Tokens a second for each key; 0: no limit. */
  readonly readTokensPerSecond: number
  /** How long an answer to a request without a signature is kept. */
  readonly cacheMs: number
  /** What every key may do, as `/api_keys` tells it. */
  readonly keyScopes: readonly string[]
  /** What a request for this path is answered on purpose. */
  readonly refusal: (url: string) => RestAnswer | undefined
  /** Unix ms until which nothing is active; `undefined` while the exchange is open. */
  readonly pausedUntilMs: () => number | undefined
}

export class RestService {
  readonly #options: RestServiceOptions
  readonly #tokens: TokenBuckets
  readonly #cache: AnswerCache

  constructor(options: RestServiceOptions) {
    this.#options = options
    this.#tokens = new TokenBuckets(options.readTokensPerSecond)
    this.#cache = new AnswerCache(options.cacheMs)
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const { status, body, headers } = this.#answerAnyway(request)
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      date: new Date(this.#options.nowMs()).toUTCString(),
      ...headers,
    })
    response.end(body)
  }

  /** A fault in this program is told to the one who met it, and the exchange goes on. */
  #answerAnyway(request: IncomingMessage): Answer {
    try {
      return this.#answer(request)
    } catch (error) {
      return failed(500, 'internal_server_error', `a fault in the simulated exchange: ${String(error)}`)
    }
  }

  #answer(request: IncomingMessage): Answer {
    const { method = 'GET', url = '/', headers } = request
    const { venue, key, nowMs, sent, cacheMs, keyScopes } = this.#options
    const signed = isSigned(headers)
    const admission = signed ? admit(headers, method, url, key, nowMs()) : undefined
    if (admission?.kind === 'refused') return failed(401, admission.code, admission.details)
    if (!URL.canParse(url, 'http://exchange')) return badRequest('the path is no URL')
    const path = new URL(url, 'http://exchange')
    const pausedUntilMs = this.#options.pausedUntilMs()
    const tellsStatus = path.pathname === STATUS_PATH && pausedUntilMs !== undefined
    if (tellsStatus) return ok(statusPaused(pausedUntilMs))
    const planned = SENT_PATHS.has(path.pathname) ? undefined : this.#options.refusal(url)
    if (planned !== undefined) return planned
    const limits = signed ? () => this.#tokens.describe() : undefined
    const keys = signed ? () => describeKeys(keyIdOf(headers), keyScopes) : undefined
    const make = (): RestAnswer => answerRest({ venue, sent, limits, keys }, method, path)
    if (SENT_PATHS.has(path.pathname)) return make()
    if (signed) return this.#tokens.take(keyIdOf(headers), performance.now()) ? make() : TOO_MANY
    if (cacheMs === 0 || method !== 'GET') return make()
    const { answer, ageMs } = this.#cache.answer(url, performance.now(), make)
    const seconds = String(Math.floor(ageMs / 1000))
    return { ...answer, headers: { 'cache-control': `public, max-age=${Math.ceil(cacheMs / 1000)}`, age: seconds } }
  }
}

/** Any key id is taken here, so the account has just the one that asks (model ApiKey of docs.kalshi.com, read 2026-11). */
const describeKeys = (keyId: string, scopes: readonly string[]) => ({
  api_keys: [{ api_key_id: keyId, name: 'simulated', scopes }],
})
