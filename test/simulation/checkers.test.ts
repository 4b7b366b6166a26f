/** What the checkers themselves must know: a checker that asks for more than can be known finds faults where none are. */
import { expect, test } from 'vitest'
import { Books } from './books.ts'
import type { ExchangeConnection, Sent, SimulatedExchange, Told } from './exchange.ts'
import type { Verdicts } from './invariants.ts'
import type { Numbers } from './numbers.ts'
import { PlainBook } from './plain-book.ts'
import { Truth } from './truth.ts'

const PEER = {} as ExchangeConnection

/** An exchange that has told one market so, number by number. */
const anExchange = (told: readonly Told[]) =>
  ({
    told: (_peer: unknown, _sid: number, _market: string, seq: number) => told.findLast((each) => each.seq <= seq),
  }) as unknown as SimulatedExchange

const KEPT: Told[] = [
  { seq: 1, text: 'yes  no ', what: new PlainBook() },
  { seq: 2, text: undefined, what: { side: 'yes', price: 4000, change: 100 } },
  { seq: 3, text: undefined, what: { side: 'yes', price: 5000, change: -100 } },
]

const frame = (seq: number, kind: Sent['kind'] = 'delta'): Sent => ({ text: '', kind, sid: 1, seq, market: 'A' })

test('a frame that the journal lost gives nothing away to its readers (S9)', () => {
  const truth = new Truth(anExchange(KEPT))
  truth.opened('run', 1, PEER)
  truth.impossible('run', 1, frame(3), 7)
  expect(truth.isGivenAway('run', 1, 1, 'A', 2)).toBe(true)

  truth.left(8)
  expect(truth.isGivenAway('run', 1, 1, 'A', 2)).toBe(true)
  truth.left(7)
  expect(truth.isGivenAway('run', 1, 1, 'A', 2)).toBe(false)
})

test('an error that comes late ends its subscription all the same (S10)', () => {
  const broken: string[] = []
  const books = new Books({} as Verdicts, anExchange(KEPT), { peer: () => PEER } as unknown as Numbers, {
    impossible: () => {},
    broken: (kind, markets) => broken.push(`${kind} ${markets.join()}`),
    blind: () => {},
  })
  books.taken(1, frame(1, 'snapshot'), 'next')
  books.taken(1, { text: '', kind: 'error', sid: 1, seq: 0 }, 'repeat')
  expect(broken).toEqual(['ended A'])
})

function told(frames: readonly Sent[]): number[] {
  const impossible: number[] = []
  const numbers = { peer: () => PEER } as unknown as Numbers
  const books = new Books({} as Verdicts, anExchange(KEPT), numbers, {
    impossible: (_, { seq }) => impossible.push(seq!),
    broken: () => {},
    blind: () => {},
  })
  for (const each of frames) books.taken(1, each, each.seq === undefined ? 'unplaced' : 'next')
  return impossible
}

test('nothing is given away behind a frame that may have been of any book (S9)', () => {
  const before = [frame(1, 'snapshot'), frame(2)]
  expect(told([...before, frame(3)])).toEqual([3])
  expect(told([...before, { text: '{"ty', kind: 'unknown', isSpoiled: true }, frame(3)])).toEqual([])
})
