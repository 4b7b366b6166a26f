import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeFaults } from './fault-help.ts'
import { FAULT_KINDS, FAULT_NAMES } from './fault-kinds.ts'
import { readFaultSpec } from './fault-spec.ts'

const one = (text: string) => {
  const { faults, wrong } = readFaultSpec(text)
  expect(wrong).toEqual([])
  expect(faults).toHaveLength(1)
  return faults[0]!
}

test.each(FAULT_NAMES)('%s: its own example can be read, and help tells it', (name) => {
  expect(one(FAULT_KINDS[name].example).name).toBe(name)
  expect(describeFaults()).toContain(FAULT_KINDS[name].example)
})

test.each([
  ['drop=0.1%', { value: { amount: 0.001 }, when: { atMs: 0, untilMs: Number.POSITIVE_INFINITY, isGiven: false } }],
  ['drop=0.25@10s-1min', { value: { amount: 0.25 }, when: { atMs: 10_000, untilMs: 60_000, everyMs: undefined } }],
  ['drop@1.5s', { value: undefined, when: { atMs: 1500 } }],
  ['late=+200ms/min', { value: { amount: 200, perMs: 60_000 } }],
  ['late=2s@5s-9s:3', { value: { amount: 2000 }, target: { connection: 3 } }],
  ['stall=5s@30s+1m', { value: { amount: 5000 }, when: { atMs: 30_000, everyMs: 60_000 } }],
  ['skew=-90s', { value: { amount: -90_000 } }],
  ['error=26@0s-20s:trade:2', { value: { amount: 26 }, target: { channel: 'trade', connection: 2 } }],
  ['drop=1%:trade@5s-6s:2', { when: { atMs: 5000, untilMs: 6000 }, target: { channel: 'trade', connection: 2 } }],
  ['grid@1s:KXA-25.5-B', { target: { market: 'KXA-25.5-B' } }],
] as const)('%s means what it says', (text, meaning) => {
  expect(one(text)).toMatchObject({ text, ...meaning })
})

test.each([
  ['foo', 'there is no foo; there are drop, duplicate'],
  ['toString', 'is no fault'],
  ['drop', 'needs a share of frames (=1%) or a time (@20s)'],
  ['drop=2', 'a share of frames such as 0.1% or 0.001, was 2'],
  ['drop=0%', 'a share of frames'],
  ['drop@10s-20s', 'happens at a moment: it has no end'],
  ['drop=1%@10s+20s', 'goes on by itself'],
  ['drop=1%:nowhere', ':nowhere is no target'],
  ['drop=1%:1:2', ':2 is the second connection'],
  ['late', 'late needs a duration such as 2s'],
  ['late=1s/day', 'a growth such as 200ms/min, was 1s/day'],
  ['stall=5s', 'stall needs a time, such as stall=5s@30s'],
  ['stall=5s@1s+4s', 'would begin again before it has ended'],
  ['stall=5s@soon', '@soon is no time'],
  ['cut@20s-10s', 'ends before it begins'],
  ['cut@1s+1ms', 'comes too often'],
  ['error=25@1s-2s', 'has no end'],
  ['error=99@1s', 'an error code of Kalshi’s'],
  ['429=0', 'a whole number from 1'],
  ['maintenance=1s@2s:trade', 'nothing can be named here'],
  ['', '"" is no fault'],
])('"%s" is refused, and what is needed is said', (text, words) => {
  expect(readFaultSpec(text).faults).toEqual([])
  expect(readFaultSpec(text).wrong.join()).toContain(words)
})

test('all that is wrong is said at once, and what is right is read', () => {
  const { faults, wrong } = readFaultSpec('drop=1%, foo,stall=5s')
  expect(faults.map(({ name }) => name)).toEqual(['drop'])
  expect(wrong).toHaveLength(2)
})

test('no text makes it throw, and what it reads means the same when it is read again', () => {
  const words = fc.constantFrom(
    ...FAULT_NAMES,
    '=',
    '@',
    ':',
    '+',
    '-',
    ',',
    '/',
    '%',
    '1',
    '20s',
    '1%',
    'trade',
    'KXA',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((each) => each.join('')),
      ),
      (text) => {
        const { faults, wrong } = readFaultSpec(text)
        expect(faults.length + wrong.length).toBeGreaterThan(0)
        for (const fault of faults) expect(readFaultSpec(fault.text).faults).toEqual([fault])
      },
    ),
  )
})
