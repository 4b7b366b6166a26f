/** The private key: there, readable, of a kind that Kalshi takes, sound in itself, and readable by nobody else. */
import { KeyError, loadKey } from '#kalshi'
import { maskKeyId } from '../config/config-mask.ts'
import { isCredential } from '../systemd/credentials.ts'
import { bad, type Check, type Finding, good, skipped, warn } from './check.ts'

export const key: Check = {
  name: 'key',
  limitMs: 5_000,
  look({ config: { exchange, exchangeChosen }, environment }): Finding {
    const { key: source, keyId } = exchange
    if (source === undefined) {
      if (!exchangeChosen) return skipped('no exchange is configured; the built-in one brings its own key')
      if (environment === 'sim') return skipped('none is set; a simulated exchange may take anybody')
      return bad({
        found: 'no private key',
        needed: `an API key of Kalshi (${environment}): it takes no connection without`,
        remedy: 'Make one at Kalshi with the scope `read`; set KALSHI_API_KEY_ID and KALSHI_PRIVATE_KEY_PATH.',
      })
    }
    try {
      const loaded = loadKey('path' in source ? source : { content: source.content.reveal() })
      const where = 'path' in source ? `from ${source.path}` : 'from KALSHI_PRIVATE_KEY_CONTENT'
      const found = `${loaded.key.algorithm} ${where}, key id ${keyId === undefined ? 'none' : maskKeyId(keyId)}`
      const isKept = 'path' in source && isCredential(source.path)
      const [warning] = isKept ? [] : loaded.warnings
      if (warning === undefined) return good(found, { algorithm: loaded.key.algorithm })
      const path = 'path' in source ? source.path : ''
      return warn({
        found: `${found}; other users may reach the file`,
        needed: 'a file that its owner alone may read (mode 0600)',
        remedy: `Run \`chmod 600 ${path}\`.`,
      })
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      return bad({ found: error.message, needed: 'an RSA or Ed25519 private key in PEM', remedy: `See ${error.code}.` })
    }
  },
}
