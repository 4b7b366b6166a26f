import { describe, expect, it } from 'vitest'
import { generateKeyPem } from '#exchange'
import { keyCanary, sightings, textCanary } from './canary.ts'

const canary = textCanary('token', 'canary/token+with=signs-0123456789')
const isSeen = (text: string | Buffer, canaries = [canary]) => sightings('here', Buffer.from(text), canaries).length > 0

describe('a canary is seen', () => {
  it.each([
    ['as it is', 'x canary/token+with=signs-0123456789 y'],
    ['percent-encoded', encodeURIComponent('canary/token+with=signs-0123456789')],
    ['by its end', '…s-0123456789'],
    ['in hex', Buffer.from('canary/token+with=signs-0123456789').toString('hex')],
    ['in base64 after one byte', Buffer.from('"canary/token+with=signs-0123456789').toString('base64')],
    ['in base64 after two bytes', Buffer.from('u:canary/token+with=signs-0123456789').toString('base64')],
  ])('%s', (_, text) => {
    expect(isSeen(text)).toBe(true)
  })

  it('and not where it is not', () => {
    expect(isSeen('{"event":"config_notice","name":"KALSHIFLOW_READ_TOKEN"}')).toBe(false)
  })

  it.each(['rsa', 'ed25519'] as const)(
    'of an %s key in its PEM, on one line, escaped, cut in half and as bytes',
    async (type) => {
      const pem = await generateKeyPem(type)
      const other = await generateKeyPem(type)
      const keys = [keyCanary('key', pem)]
      const body = pem.split('\n').slice(1, -2).join('')
      for (const text of [pem, JSON.stringify(pem), body, body.slice(body.length / 2), Buffer.from(body, 'base64')])
        expect(isSeen(text, keys)).toBe(true)
      expect(isSeen(other, keys)).toBe(false)
    },
  )
})
