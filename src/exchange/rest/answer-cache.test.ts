import { expect, test } from 'vitest'
import { AnswerCache } from './answer-cache.ts'

const aPage = (body: string, status = 200) => ({ status, body })

test('an answer is given again until it is too old, then made anew', () => {
  const cache = new AnswerCache(15_000)
  let made = 0
  const ask = (nowMs: number, url = '/a') => cache.answer(url, nowMs, () => aPage(String(++made)))
  expect(ask(0)).toEqual({ answer: aPage('1'), ageMs: 0 })
  expect(ask(14_999)).toEqual({ answer: aPage('1'), ageMs: 14_999 })
  expect(ask(14_999, '/b').answer.body).toBe('2')
  expect(ask(15_000)).toEqual({ answer: aPage('3'), ageMs: 0 })
})

test('a refusal is not kept, and nothing is where nothing is to be kept', () => {
  const cache = new AnswerCache(15_000)
  expect(cache.answer('/a', 0, () => aPage('no', 404)).answer.status).toBe(404)
  expect(cache.answer('/a', 1, () => aPage('yes')).answer.body).toBe('yes')
  const none = new AnswerCache(0)
  none.answer('/a', 0, () => aPage('1'))
  expect(none.answer('/a', 0, () => aPage('2')).answer.body).toBe('2')
  expect(none.size).toBe(0)
})

test('what is kept is bounded, in time and in size', () => {
  const cache = new AnswerCache(1_000, 1_000)
  for (let count = 0; count < 100; count++) cache.answer(`/${count}`, 0, () => aPage('x'.repeat(98)))
  expect(cache.size).toBeLessThanOrEqual(10)
  expect(cache.size).toBeGreaterThan(5)
  cache.answer('/large', 1, () => aPage('x'.repeat(5_000)))
  expect(cache.size).toBe(0)
  cache.answer('/1', 2, () => aPage('x'))
  cache.answer('/2', 1_500, () => aPage('x'))
  expect(cache.size).toBe(1)
})
