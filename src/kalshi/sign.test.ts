import { constants, generateKeyPairSync, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadKey } from './key.ts'
import { signRequest } from './sign.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { key } = loadKey({ content: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })

const signs = (text: string, signature: string): boolean =>
  verify(
    'sha256',
    Buffer.from(text),
    { key: pair.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    Buffer.from(signature, 'base64'),
  )

describe('a signed request', () => {
  it('carries key id, time and a signature over time, method and path', () => {
    const headers = signRequest(key, 'my-key', 'GET', '/trade-api/ws/v2', 1_795_348_800_123)
    expect(headers['KALSHI-ACCESS-KEY']).toBe('my-key')
    expect(headers['KALSHI-ACCESS-TIMESTAMP']).toBe('1795348800123')
    expect(signs('1795348800123GET/trade-api/ws/v2', headers['KALSHI-ACCESS-SIGNATURE'])).toBe(true)
    expect(Object.keys(headers)).toHaveLength(3)
  })

  it('leaves the query out, writes the method in capitals and cuts fractions of a millisecond', () => {
    const headers = signRequest(key, 'k', 'get', '/trade-api/v2/markets?limit=5&cursor=a', 17.9)
    expect(headers['KALSHI-ACCESS-TIMESTAMP']).toBe('17')
    expect(signs('17GET/trade-api/v2/markets', headers['KALSHI-ACCESS-SIGNATURE'])).toBe(true)
  })

  it('is made afresh: the same call signed again has another signature', () => {
    const [one, two] = [signRequest(key, 'k', 'GET', '/a', 1), signRequest(key, 'k', 'GET', '/a', 1)]
    expect(one['KALSHI-ACCESS-SIGNATURE']).not.toBe(two['KALSHI-ACCESS-SIGNATURE'])
  })

  it('is refused for a path without its root or a time that is none', () => {
    expect(() => signRequest(key, 'k', 'GET', 'https://host/a', 1)).toThrow(RangeError)
    expect(() => signRequest(key, 'k', 'GET', '/a', Number.NaN)).toThrow(RangeError)
    expect(() => signRequest(key, 'k', 'GET', '/a', -1)).toThrow(RangeError)
  })
})
