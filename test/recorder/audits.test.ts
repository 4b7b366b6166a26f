/**
 * Audits of a whole recorder against the simulated exchange: books are compared while they are recorded, what is found
 * stands in the journal, and a proof of the journal finds the same. Our own memory is what goes wrong here.
 */
import { afterEach, expect, test } from 'vitest'
import { type CentiCents, type CentiContracts, RECORD, YES } from '#domain'
import { FileDisk, openCursor } from '#journal'
import { proveJournal } from '../../src/app/reading/prove-journal.ts'
import { statusOf } from '../../src/app/recorder/status.ts'
import { type Recording, record, until } from '../support/recording.ts'

let recording: Recording | undefined
afterEach(async () => {
  await recording?.close()
  recording = undefined
})

const audited = ({ recorder }: Recording) => statusOf(recorder).audit

async function auditsIn(folder: string): Promise<{ result: string; ours?: object; theirs?: object }[]> {
  const bodies = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) if (block.type === RECORD.AUDIT) bodies.push(JSON.parse(block.body().toString('utf8')))
  }
  return bodies
}

const prove = async ({ recorder, folder }: Recording) => {
  await recorder.journal.flush()
  return await proveJournal({ folder: `${folder}/journal`, schema: 'none' })
}

test('every market is audited within its round, all match, and the journal tells of each as its frames do', async () => {
  recording = await record({ markets: 20, ratePerSecond: 500, seed: 1 }, { auditMs: 600 })
  const running = recording
  await until('two rounds are over', () => audited(running).matched >= 40)
  const { asked, offset, mismatched, oldest_market_ms, sids } = audited(running)
  expect({ offset, mismatched }).toEqual({ offset: 0, mismatched: 0 })
  expect(asked).toBeGreaterThanOrEqual(40)
  expect(oldest_market_ms).toBeLessThan(5_000)
  expect(sids).toEqual([{ connection: 1, sid: 1, last_ms: expect.any(Number) }])
  await until('they are written down', async () => (await prove(running)).fold.audits >= 40)
  expect((await prove(running)).faults).toEqual([])
  expect(new Set((await auditsIn(running.folder)).map(({ result }) => result))).toEqual(new Set(['matched']))
})

test('a book that went wrong in memory is found, kept with the exchange’s, and put right', async () => {
  recording = await record({ markets: 5, ratePerSecond: 200, seed: 2 }, { auditMs: 600 })
  const running = recording
  const { recorder } = running
  await until('audits run', () => audited(running).matched >= 5)
  const market = recorder.fold.markets().find(({ valid }) => valid)!
  market.book.add(YES, 100 as CentiCents, 12_345 as CentiContracts)
  await until('it is found', () => running.of('audit_mismatched').length > 0)
  expect(running.of('audit_mismatched')[0]).toMatchObject({ market: market.ticker, levelsWrong: 1 })
  await until('it is right again', () => market.valid && audited(running).matched > 10)
  await until('it is written down', async () => {
    await recorder.journal.flush()
    return (await auditsIn(running.folder)).some(({ result }) => result === 'mismatched')
  })
  const kept = (await auditsIn(running.folder)).find(({ result }) => result === 'mismatched')!
  expect(JSON.stringify(kept.ours)).toContain('[100,')
  expect(JSON.stringify(kept.theirs)).not.toBe(JSON.stringify(kept.ours))
  // The frames know nothing of a fault of our memory: whoever folds them again says so.
  expect((await prove(running)).faults.join()).toMatch(
    /its audit of .* was a mismatch of 1 levels, and its frames say that it matched/,
  )
})
