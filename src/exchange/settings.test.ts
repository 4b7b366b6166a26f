import { expect, test } from 'vitest'
import type { ExchangeOptions } from './options.ts'
import { CAPTURE_ONLY, readOptions, WORLD_ONLY } from './settings.ts'

test('without a capture it is a world at the limits of a Basic account', () => {
  expect(readOptions({ port: 0 })).toMatchObject({
    show: { kind: 'world', markets: 30, framesPerSecond: 200, signal: false, lifeMs: [120_000, 900_000], ageMs: 0 },
    readTokensPerSecond: 200,
    restCacheMs: 15_000,
  })
})

test('with a capture it plays that, without tokens and without a cache', () => {
  expect(readOptions({ port: 0, capture: 'c', untilSeq: 5, ratePerSecond: 10 })).toMatchObject({
    show: { kind: 'capture', file: 'c', untilSeq: 5, pace: { kind: 'rate', framesPerSecond: 10 } },
    readTokensPerSecond: 0,
    restCacheMs: 0,
  })
})

const VALUES: Partial<Record<keyof ExchangeOptions, unknown>> = { speed: 2, lifeMs: [20_000, 30_000], signal: true }
const sampleOf = (name: keyof ExchangeOptions) => VALUES[name] ?? 1

test.each(CAPTURE_ONLY)('%s without a capture is refused', (name) => {
  expect(() => readOptions({ port: 0, [name]: sampleOf(name) })).toThrow(`${name} plays a capture: name one`)
})

test.each(WORLD_ONLY)('%s with a capture is refused', (name) => {
  const options = { port: 0, capture: 'c', [name]: sampleOf(name) }
  expect(() => readOptions(options)).toThrow(`${name} belongs to a world`)
})

test('all that is wrong is said at once', () => {
  const options: ExchangeOptions = { port: -1, lifeMs: [30_000, 20_000], replySwapRate: 2, markets: 0 }
  expect(() => readOptions(options)).toThrow(/port must .*\n.*markets must .*\n.*lifeMs must .*\n.*replySwapRate must/s)
})
