import { expect, test } from 'vitest'
import { SecondBudget } from './second-budget.ts'

test('a budget gives so many in a second, and as many in the next', () => {
  let nowMs = 5_000
  const budget = new SecondBudget(3, () => nowMs)
  const taken = () => Array.from({ length: 5 }, () => budget.take())
  expect(taken()).toEqual([true, true, true, false, false])
  nowMs += 999
  expect(taken()).toEqual([false, false, false, false, false])
  nowMs += 1
  expect(taken()).toEqual([true, true, true, false, false])
})
