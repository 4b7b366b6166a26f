/** The reads of a probe, one after the other with some time between: each kept with its headers. Nothing but GET. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type SigningKey, signRequest } from '#kalshi'
import type { SeenRest } from './seen.ts'

/** Each costs 10 tokens of at least 200 a second. */
const EVERY_MS = 150
const ANSWER_MS_MAX = 10_000
const BODY_CHARACTERS_MAX = 4_000_000
/** Headers that say something of caching and limits; others may say whose request it was. */
const KEPT = ['age', 'cache-control', 'content-type', 'date', 'retry-after', 'via', 'x-cache']

export type RestAsk = { readonly name: string; readonly path: string; readonly isSigned: boolean }
export type RestBase = { readonly apiUrl: string; readonly key: SigningKey; readonly keyId: string }

/** Status 0 stands for no answer. Never throws. */
export async function askRest({ apiUrl, key, keyId }: RestBase, { name, path, isSigned }: RestAsk): Promise<SeenRest> {
  const url = new URL(apiUrl + path)
  const signed = isSigned ? { ...signRequest(key, keyId, 'GET', url.pathname, Date.now()) } : {}
  const startedMs = performance.now()
  const seen = { name, path, isSigned }
  try {
    const answer = await fetch(url, {
      headers: { accept: 'application/json', ...signed },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
    const text = (await answer.text()).slice(0, BODY_CHARACTERS_MAX)
    const headers = Object.fromEntries(
      KEPT.flatMap((each) => (answer.headers.has(each) ? [[each, answer.headers.get(each)!]] : [])),
    )
    return { ...seen, status: answer.status, headers, text, body: parse(text), tookMs: performance.now() - startedMs }
  } catch {
    return { ...seen, status: 0, headers: {}, text: '', body: undefined, tookMs: performance.now() - startedMs }
  } finally {
    await sleep(EVERY_MS)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
