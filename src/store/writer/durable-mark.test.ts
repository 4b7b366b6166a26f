import { expect, test } from 'vitest'
import { DurableMark } from './durable-mark.ts'

test('a mark shows another thread the position that was set, and at first the start', () => {
  const mark = new DurableMark()
  const other = new DurableMark(mark.buffer)
  expect(other.position).toEqual({ segment: 0, offset: 0 })
  mark.set({ segment: 16_777_215, offset: 2 ** 40 - 1 })
  expect(other.position).toEqual({ segment: 16_777_215, offset: 2 ** 40 - 1 })
  mark.set({ segment: Number.MAX_SAFE_INTEGER, offset: 0 })
  expect(other.position).toEqual({ segment: 16_777_215, offset: 0 })
})
