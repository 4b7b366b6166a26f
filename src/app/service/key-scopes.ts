/**
 * Asks the exchange once what the key may do, and says so when that is more than reading. With `KALSHIFLOW_STRICT_KEY` the
 * run does not begin unless the exchange says that the key can only read.
 *
 * The answer names every key of the account, so it is neither journaled nor logged: scopes alone are told.
 */
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { judgeScopes, type KeyScopes, RestClient, RestError, type SigningKey } from '#kalshi'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'

export class KeyScopeError extends Error {
  override readonly name = 'KeyScopeError'
  readonly code = 'FLOW_KEY_SCOPES'
}

/** Enough for what an account may have; a longer answer is another page. */
const LISTING_BYTES_MAX = 1024 * 1024
const MEND = 'Make a key at Kalshi with the scope `read` alone and use that'

/** What the key may do; `untold` for whatever keeps the exchange from telling. Never throws. */
export async function askKeyScopes(
  { apiUrl, keyId }: Pick<Config['exchange'], 'apiUrl' | 'keyId'>,
  key: SigningKey,
  signal?: AbortSignal,
): Promise<KeyScopes> {
  const client = new RestClient({
    baseUrl: apiUrl,
    key,
    keyId,
    clock: new SystemClock(),
    random: SYSTEM_RANDOM,
    limits: { bodyBytesMax: LISTING_BYTES_MAX },
  })
  try {
    return judgeScopes(await client.keys({ signal }), keyId ?? '')
  } catch (error) {
    return { kind: 'untold', why: error instanceof RestError ? error.message : 'the request failed' }
  }
}

/** What is to be said of it; `undefined` when it can only read. */
export function tellScopes(scopes: KeyScopes): { readonly found: string; readonly text: string } | undefined {
  switch (scopes.kind) {
    case 'read_only':
      return undefined
    case 'may_write': {
      const found = scopes.more.join(', ')
      return { found, text: `found an API key that may do more than read (${found}), needed: \`read\` alone. ${MEND}` }
    }
    case 'untold':
      return { found: 'untold', text: `what the API key may do cannot be read: ${scopes.why.replace(/\.$/, '')}` }
  }
}

/** Throws {@link KeyScopeError} unless the exchange says that the key can only read. */
export async function refuseMoreThanRead(exchange: Config['exchange'], key: SigningKey | undefined): Promise<void> {
  if (key === undefined) return
  const said = tellScopes(await askKeyScopes(exchange, key))
  if (said === undefined) return
  throw new KeyScopeError(`KALSHIFLOW_STRICT_KEY: ${said.text}, or start without KALSHIFLOW_STRICT_KEY`)
}

/** Says in the log what is unsafe about the key's scopes; that they cannot be read is no more than a remark. */
export async function warnOfScopes(
  exchange: Config['exchange'],
  key: SigningKey | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  if (key === undefined) return
  const scopes = await askKeyScopes(exchange, key, signal)
  const said = tellScopes(scopes)
  if (said === undefined || signal.aborted) return
  log[scopes.kind === 'may_write' ? 'warn' : 'info']({ event: 'key_scopes', scopes: said.found }, said.text)
}
