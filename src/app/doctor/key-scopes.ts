/** What the key may do: reading is all that a recorder needs. Asks the exchange once. */
import { loadKey } from '#kalshi'
import { askKeyScopes } from '../service/key-scopes.ts'
import { bad, type Check, good, skipped, warn } from './check.ts'

export const keyScopes: Check = {
  name: 'key-scopes',
  limitMs: 45_000,
  async look({ config: { exchange }, isOffline }, signal) {
    const { key: source, keyId, strictKey } = exchange
    if (source === undefined || keyId === undefined) return skipped('no key is set')
    if (isOffline) return skipped('offline')
    let key: ReturnType<typeof loadKey>['key']
    try {
      key = loadKey('path' in source ? source : { content: source.content.reveal() }).key
    } catch {
      return skipped('the key cannot be read')
    }
    const scopes = await askKeyScopes(exchange, key, signal)
    if (scopes.kind === 'read_only') return good(`the key may ${scopes.scopes.join(', ')} and nothing else`)
    const needed = 'the scope `read` alone'
    if (scopes.kind === 'may_write') {
      const finding = {
        found: `the key may do more than read: ${scopes.more.join(', ')}`,
        needed,
        remedy: 'Make a key with `read` alone at Kalshi, use that and delete this one.',
      }
      return strictKey ? bad(finding) : warn(finding)
    }
    const finding = {
      found: `what the key may do cannot be read: ${scopes.why}`,
      needed,
      remedy: 'Look at the key’s scopes on Kalshi’s page of API keys.',
    }
    return strictKey ? bad(finding) : warn(finding)
  },
}
