/**
 * What the tests of faults share: a real recorder that meets an exchange with a fault spec, over real sockets; and what must
 * hold afterwards: whole books, each the exchange's own, and a journal in which nothing is missing that is not declared.
 */
import { expect } from 'vitest'
import type { ExchangeOptions, FaultHappened } from '#exchange'
import { DEMO } from '../support/captures.ts'
import { accountFor } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { auditJournal, type Recording, record, until } from '../support/recording.ts'

/** Each test has an exchange and a recorder of its own; most of its time it waits. */
export async function meeting(
  faults: string,
  look: (running: Recording) => Promise<void>,
  { exchange = PLAYED, recorder = {} }: Parts = {},
): Promise<void> {
  const running = await record({ ratePerSecond: 300, seed: 11, faults, ...exchange }, recorder)
  try {
    await look(running)
  } finally {
    await running.close()
  }
}

const PLAYED = { capture: DEMO, loop: true, startAfterMarkets: 6 }
export const HASTY_PINGS = { exchange: { ...PLAYED, pingIntervalMs: 100 }, recorder: { pingSilenceMs: 600 } }
/** Its messages are stamped when they are sent; those of a capture that is played faster are older. */
export const A_WORLD = { exchange: { markets: 8 } }

export type Parts = { readonly exchange?: Partial<ExchangeOptions>; readonly recorder?: Parameters<typeof record>[1] }

export const happened = ({ exchange }: Recording, fault: FaultHappened['fault']) =>
  exchange.sent().faults.happened.filter((each) => each.fault === fault)

export const untilHappened = (running: Recording, fault: FaultHappened['fault'], count = 1) =>
  until(`${fault} happened`, () => happened(running, fault).length >= count)

export const allValid = ({ recorder }: Recording) =>
  recorder.markets.length > 0 && recorder.markets.every((each) => recorder.fold.market(each)?.valid === true)

export const untilValid = (running: Recording) => until('all books are valid', () => allValid(running))

/** Whole again, and each book that was proven is the exchange's, whenever a snapshot told. */
export async function expectWhole(running: Recording): Promise<void> {
  const { recorder, folder } = running
  await untilValid(running)
  const { snapshots } = recorder.fold.counts
  recorder.resync(recorder.markets)
  await until('the snapshots came', () => recorder.fold.counts.snapshots >= snapshots + recorder.markets.length)
  await recorder.journal.flush()
  const { audited, differing } = await auditJournal(folder)
  expect(differing).toEqual([])
  expect(audited).toBeGreaterThanOrEqual(recorder.markets.length)
}

/** What was sent against the journal, once it is closed: nothing is missing that is not declared, nothing stands twice. */
export async function expectAccounted({ exchange, recorder, folder }: Recording) {
  await recorder.stop('counting')
  const account = accountFor(exchange.sent(), await readFrameNumbers(folder))
  expect(account).toMatchObject({ doubled: 0, invented: 0, undeclared: [] })
  return account
}

export const causes = (running: Recording) => running.of('connection_lost').map(({ cause }) => cause)
