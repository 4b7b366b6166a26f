/** What the checkers themselves must know: a checker that asks for more than can be known finds faults where none are. */
import { expect, test } from 'vitest'
import type { ExchangeConnection, Sent, SimulatedExchange, Told } from './exchange.ts'
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
