/**
 * What the API key may do at Kalshi, where Kalshi tells: a recorder needs nothing but to read, and a key that can trade is
 * worth stealing.
 *
 * `GET /api_keys` lists the keys of the account with their scopes (docs.kalshi.com, model ApiKey: `api_key_id`, `name`,
 * `scopes`; `read`, `write` and finer ones such as `write::trade` in kalshi-typescript 3.30.0, 2026-09). Whether a key with
 * `read` alone may ask is unconfirmed live: an answer that does not tell is told as such and is no fault. The names of keys
 * are not taken out of the answer, and the answer is not journaled.
 */
import { z } from 'zod'
import type { Read } from './rest-shapes.ts'

export type KeyListing = {
  readonly keys: readonly { readonly id: string; readonly scopes: readonly string[] }[]
  /** Unix seconds: after it the account's keys cannot trade some kinds of markets (2026-08-16). Recording does not care. */
  readonly regionExpiresS: number | undefined
}

const listing = z.looseObject({
  api_keys: z.array(z.looseObject({ api_key_id: z.string(), scopes: z.array(z.string()).nullish() })),
  api_key_region_expiration_ts: z.number().nullish(),
})

export function readKeyListing(raw: unknown): Read<KeyListing> {
  const parsed = listing.safeParse(raw)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return { kind: 'malformed', at: ['api_keys', ...path.map(String)].join('.'), fault: message }
  }
  const { api_keys: keys, api_key_region_expiration_ts: expires } = parsed.data
  return {
    kind: 'read',
    value: {
      keys: keys.map(({ api_key_id: id, scopes }) => ({ id, scopes: scopes ?? [] })),
      regionExpiresS: expires ?? undefined,
    },
  }
}

export type KeyScopes =
  | { readonly kind: 'read_only'; readonly scopes: readonly string[] }
  /** It may do more than read: `more` says what. */
  | { readonly kind: 'may_write'; readonly scopes: readonly string[]; readonly more: readonly string[] }
  /** The exchange was asked and does not tell. */
  | { readonly kind: 'untold'; readonly why: string }

/** What the listing says of one key. A scope that we do not know counts as more than reading. */
export function judgeScopes({ keys }: KeyListing, keyId: string): KeyScopes {
  const scopes = keys.find(({ id }) => id === keyId)?.scopes
  if (scopes === undefined) return { kind: 'untold', why: 'the exchange does not list this key' }
  if (scopes.length === 0) return { kind: 'untold', why: 'the exchange lists this key without scopes' }
  const more = scopes.filter((scope) => scope !== 'read' && !scope.startsWith('read::'))
  return more.length === 0 ? { kind: 'read_only', scopes } : { kind: 'may_write', scopes, more }
}
