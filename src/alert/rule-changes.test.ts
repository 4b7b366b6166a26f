import { describe, expect, test } from 'vitest'
import { changeRules, figuresOf, RuleFault } from './rule-changes.ts'
import { DEFAULT_RULES } from './rules.ts'

describe('changes of rules', () => {
  test('set times and limits, and turn alarms off', () => {
    const { rules, off } = changeRules(
      'books_in_doubt.hold=5m, books_invalid.limit=50%,store_behind=off, disk_full.limit=2GiB',
    )
    const byName = new Map(rules.map((each) => [each.name, each]))
    expect(byName.get('books_in_doubt')).toMatchObject({ holdMs: 300_000 })
    expect(byName.get('books_invalid')?.limit).toEqual({ value: 0.5, unit: 'share' })
    expect(figuresOf(byName.get('disk_full')!).limit).toBe('2GiB')
    expect(byName.has('store_behind')).toBe(false)
    expect(off).toEqual(['store_behind'])
    expect(rules).toHaveLength(DEFAULT_RULES.length - 1)
  })

  test('of events of the life of a recorder are on and off alone', () => {
    expect(changeRules('recorder_stopped=off').off).toEqual(['recorder_stopped'])
    expect(() => changeRules('recorder_stopped.hold=5m')).toThrow(RuleFault)
  })

  test.each([
    ['books_in_dout=off', /needed one of not_connected/],
    ['books_in_doubt.hold=5', /a time such as/],
    ['books_invalid.limit=200%', /a share such as/],
    ['paused.limit=5m', /hold, clear/],
    ['paused=maybe', /paused=off/],
    ['constructor=off', /needed one of/],
  ])('%s is a fault that says what is needed', (text, needed) => {
    expect(() => changeRules(text)).toThrow(needed)
  })
})
