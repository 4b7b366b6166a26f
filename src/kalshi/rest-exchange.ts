/**
 * One HTTP exchange: a request, and its answer as text, within a time and a size. No retries, no meaning.
 *
 * Redirects are not followed: Kalshi's dead hosts redirect, and signed headers must not travel to another host.
 */
export type HttpAnswer = {
  readonly status: number
  readonly body: string
  readonly retryAfter: string | null
  /** When the answer was made, Unix ms to the second; `undefined` when its head does not say. */
  readonly dateMs: number | undefined
}

export type HttpFailure = {
  readonly kind: 'timeout' | 'aborted' | 'unreachable' | 'too_large'
  /** Of the answer, where its head had come; 0 before. */
  readonly status: number
  /** What the network said, without anything secret. */
  readonly reason: string
}

export type HttpLimits = { readonly timeoutMs: number; readonly bodyBytesMax: number }

/** The answer, or why there is none; never throws for what the network does. */
export async function exchangeHttp(
  fetch: typeof globalThis.fetch,
  url: string,
  headers: Readonly<Record<string, string>>,
  limits: HttpLimits,
  signal?: AbortSignal,
): Promise<HttpAnswer | HttpFailure> {
  const timeout = AbortSignal.timeout(limits.timeoutMs)
  let status = 0
  try {
    const response = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    })
    status = response.status
    const body = await readBody(response, limits.bodyBytesMax)
    if (body === undefined) return { kind: 'too_large', status, reason: `more than ${limits.bodyBytesMax} bytes` }
    const { headers: head } = response
    return { status, body, retryAfter: head.get('retry-after'), dateMs: readDate(head.get('date'), head.get('age')) }
  } catch (error) {
    if (signal?.aborted === true) return { kind: 'aborted', status, reason: 'the caller gave up' }
    if (timeout.aborted) return { kind: 'timeout', status, reason: `no whole answer within ${limits.timeoutMs} ms` }
    return { kind: 'unreachable', status, reason: reasonOf(error) }
  }
}

/** `Date` and, for an answer out of a cache, `Age` in seconds. */
function readDate(date: string | null, age: string | null): number | undefined {
  const ms = date === null ? Number.NaN : Date.parse(date)
  const ageMs = /^\d{1,9}$/.test(age ?? '0') ? Number(age ?? 0) * 1000 : Number.NaN
  return Number.isNaN(ms + ageMs) ? undefined : ms + ageMs
}

/** The body as text, or `undefined` when it is longer than allowed; counted after decompression. */
async function readBody(response: Response, bytesMax: number): Promise<string | undefined> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    // Leaving the loop cancels the body and closes the connection.
    if (bytes > bytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** `fetch` says only "fetch failed"; the cause knows why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code, message } = cause as NodeJS.ErrnoException
  return code ?? message ?? 'unknown'
}
