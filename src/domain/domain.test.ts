import { describe, expect, test } from 'vitest'
import { comparePositions, environmentOf, isTicker } from './index.ts'

describe('an environment', () => {
  test.each([
    ['external-api-ws.kalshi.com', 'prod'],
    ['api.elections.kalshi.com:443', 'prod'],
    ['demo-api.kalshi.co', 'demo'],
    ['external-api-ws.demo.kalshi.co', 'demo'],
    ['127.0.0.1:7070', 'sim'],
    ['notkalshi.com', 'sim'],
    ['kalshi.com.evil.example', 'sim'],
    ['API.ELECTIONS.KALSHI.COM.', 'prod'],
  ])('of %s is %s', (host, environment) => {
    expect(environmentOf(host)).toBe(environment)
  })
})

describe('a ticker', () => {
  test.each(['KXBTCD-26AUG2017-T73749.99', 'KXMLBGAME-26AUG071840TORPHI-PHI', 'A_b/c:1'])('may be %s', (text) => {
    expect(isTicker(text)).toBe(true)
  })
  test.each(['', 'A B', 'A,B', 'A"B', 'A\\B', 'Ä', 'A\n', 'x'.repeat(129)])('may not be %j', (text) => {
    expect(isTicker(text)).toBe(false)
  })
})

test('positions compare by segment, then offset', () => {
  expect(comparePositions({ segment: 1, offset: 900 }, { segment: 2, offset: 10 })).toBeLessThan(0)
  expect(comparePositions({ segment: 2, offset: 11 }, { segment: 2, offset: 10 })).toBeGreaterThan(0)
  expect(comparePositions({ segment: 2, offset: 10 }, { segment: 2, offset: 10 })).toBe(0)
})
