/** The promises in src/store/writer/store-database.ts, asked of one adapter. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StoreConnection, StoreDatabase } from '#store'
import { CopyBinary } from '../../src/store/rows/copy-binary.ts'
import { GAPS, VALIDITY, writeGap, writeValidity } from '../../src/store/rows/tables.ts'
import { ENDED_GAP, MARKETS, SESSIONS } from '../../src/store/writer/json-tables.ts'

export type StoreUnderTest = {
  readonly database: StoreDatabase
  /** How many committed rows a table has. */
  readonly count: (table: string) => Promise<number>
}

const JOURNAL = { journal: '00000000-0000-4000-8000-00000000000a', environment: 'sim' } as const
const ZERO = { segment: 0, offset: 0 }
const LATER = { segment: 1, offset: 500 }
const SESSION = '00000000-0000-4000-8000-000000000001'
const origin = (offset: number) => ({ segment: 1, offset, receivedNs: 1_790_000_000_000_000_000n })

/** `open`: an empty store each time. */
export function keepsTheStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the store contract`, () => {
    let store: StoreUnderTest
    let connections: StoreConnection[]
    let journal: number

    const connect = async () => {
      const connection = await store.database.connect()
      connections.push(connection)
      return connection
    }
    const openJournal = (connection: StoreConnection) =>
      connection.open(JOURNAL, { sampleRate: 1, severalJournals: false })
    const move = (connection: StoreConnection, from = ZERO, to = LATER) =>
      connection.moveWatermark({ journal, from, to, segmentId: 'abc', lastNs: 7n, counts: { records: 3 } })
    const insertMarket = (connection: StoreConnection, id: number, ticker: string) =>
      connection.insert(MARKETS, [
        { market_id: id, journal_id: journal, ticker, first_segment: 1, first_offset: 200, first_ns: '5' },
      ])
    const watermark = async () => (await (await connect()).watermark(JOURNAL.journal)).position

    beforeEach(async () => {
      store = await open()
      connections = []
      journal = (await openJournal(await connect())).state.journalId
    })
    afterEach(() => {
      for (const each of connections) each.dispose()
    })

    test('what is not committed is seen by nobody, and all of it by everybody afterwards', async () => {
      const connection = await connect()
      await connection.begin()
      expect(await move(connection)).toBe(true)
      await insertMarket(connection, 1, 'A')
      expect([await watermark(), await store.count('rl_markets')]).toEqual([ZERO, 0])
      await connection.commit()
      expect([await watermark(), await store.count('rl_markets')]).toEqual([LATER, 1])
    })

    test('what is rolled back was never there', async () => {
      const connection = await connect()
      await connection.begin()
      await move(connection)
      await insertMarket(connection, 1, 'A')
      await connection.rollback()
      expect([await watermark(), await store.count('rl_markets')]).toEqual([ZERO, 0])
      await connection.begin()
      expect(await move(connection)).toBe(true)
      await connection.rollback()
    })

    test('a watermark that stands elsewhere is not moved', async () => {
      const connection = await connect()
      await connection.begin()
      expect(await move(connection, { segment: 1, offset: 1 })).toBe(false)
      await connection.rollback()
      expect(await watermark()).toEqual(ZERO)
    })

    test('who moves the watermark second waits for the first, and finds it moved', async () => {
      const [first, second] = [await connect(), await connect()]
      await first.begin()
      await second.begin()
      await move(first)
      let answer: boolean | undefined
      const waiting = move(second).then((moved) => {
        answer = moved
      })
      await new Promise((done) => setTimeout(done, 30))
      expect(answer).toBeUndefined()
      await first.commit()
      await waiting
      expect(answer).toBe(false)
      await second.rollback()
    })

    test('a key that is there is refused by its SQLSTATE, and the transaction then takes a rollback alone', async () => {
      const connection = await connect()
      await connection.begin()
      await move(connection)
      await insertMarket(connection, 1, 'A')
      await expect(insertMarket(connection, 1, 'B')).rejects.toMatchObject({ code: '23505' })
      await expect(insertMarket(connection, 2, 'C')).rejects.toMatchObject({ code: '25P02' })
      await connection.rollback()
      expect(await store.count('rl_markets')).toBe(0)
    })

    test('back at a savepoint the transaction goes on with what was before it', async () => {
      const connection = await connect()
      await connection.begin()
      await move(connection)
      await insertMarket(connection, 1, 'A')
      await connection.savepoint()
      await expect(insertMarket(connection, 2, 'A')).rejects.toMatchObject({ code: '23505' })
      await connection.rollbackToSavepoint()
      await connection.savepoint()
      await insertMarket(connection, 2, 'B')
      await connection.releaseSavepoint()
      await connection.commit()
      expect(await store.count('rl_markets')).toBe(2)
    })

    test('a trade id is new once', async () => {
      const connection = await connect()
      const told = (...ids: string[]) => ids.map((tradeId) => ({ tradeId, origin: origin(1) }))
      await connection.begin()
      expect([...(await connection.newTradeIds(journal, told('a', 'b')))].sort()).toEqual(['a', 'b'])
      await connection.commit()
      await connection.begin()
      expect([...(await connection.newTradeIds(journal, told('b', 'c')))]).toEqual(['c'])
      await connection.rollback()
    })

    test('after dispose what waits rejects, and what was not committed is gone', async () => {
      const [first, second] = [await connect(), await connect()]
      await first.begin()
      await move(first)
      await second.begin()
      const waiting = move(second)
      waiting.catch(() => {})
      second.dispose()
      await expect(waiting).rejects.toThrow()
      first.dispose()
      await expect(first.commit()).rejects.toThrow()
      const third = await connect()
      await third.begin()
      expect(await move(third)).toBe(true)
      await third.rollback()
    })

    test('says at the watermark what a fold must know to go on', async () => {
      const connection = await connect()
      await connection.begin()
      await move(connection)
      await insertMarket(connection, 4, 'A')
      const started = { session: SESSION, version: '1', started_segment: 1, started_offset: 9, started_ns: '5' }
      await connection.insert(SESSIONS, [{ journal_id: journal, ...started }])
      const gaps = new CopyBinary()
      const still = { to: undefined, closedBy: undefined }
      const gap = { market: 4, connection: 1, sid: 1, detail: undefined, fromNs: 1n, fromKind: 'frame', ...still }
      for (const [cause, offset] of [
        ['sequence_break', 300],
        ['disconnect', 400],
      ] as const) {
        writeGap(gaps, journal, { ...gap, cause, found: origin(offset) })
      }
      await connection.copy(GAPS, gaps.stream())
      const validity = new CopyBinary()
      const open = { market: 4, connection: 1, from: origin(310), to: undefined, cause: undefined, found: undefined }
      writeValidity(validity, open)
      await connection.copy(VALIDITY, validity.stream())
      await connection.change(ENDED_GAP, [
        {
          journal_id: journal,
          found_segment: 1,
          found_offset: 300,
          market_id: 4,
          cause: 'sequence_break',
          to_segment: 1,
          to_offset: 310,
          to_ns: '6',
        },
      ])
      await connection.commit()
      const { watermark: at, state } = await openJournal(await connect())
      expect(at).toEqual({ position: LATER, segmentId: 'abc' })
      expect(state).toMatchObject({
        journalId: journal,
        markets: [{ id: 4, ticker: 'A' }],
        lastMarketId: 4,
        session: { id: SESSION, firstConnection: undefined },
        openGaps: [{ market: 4, cause: 'disconnect', found: origin(400) }],
        openValidity: [{ market: 4, connection: 1, from: origin(310), snapshot: undefined }],
        counts: { records: 3 },
        lastNs: 7n,
      })
    })

    test('refuses another journal by its code', async () => {
      const other = { journal: '00000000-0000-4000-8000-00000000000b', environment: 'sim' } as const
      const connection = await connect()
      await expect(connection.open(other, { sampleRate: 1, severalJournals: false })).rejects.toMatchObject({
        code: 'FLOW_STORE_OTHER_JOURNAL',
      })
    })
  })
}
