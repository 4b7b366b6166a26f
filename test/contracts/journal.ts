/** The promises in ports/journal.ts, asked of the writer and the cursor on one disk. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { comparePositions, type Position, RECORD } from '#domain'
import { type Journal, type JournalOptions, ManualClock, openCursor, openJournal } from '#journal'
import type { Disk } from '#ports'

export type JournalUnderTest = { readonly disk: Disk; readonly folder: string }

const START_NS = 1_800_000_000_000_000_000n

export function keepsTheJournalContract(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(`${name} keeps the journal contract`, () => {
    let disk: Disk
    let folder: string
    let clock: ManualClock
    let journal: Journal

    const reopen = async (options: Partial<JournalOptions> = {}) =>
      openJournal({ disk, folder, clock, environment: 'sim', commitIntervalMs: 1, ...options })

    beforeEach(async () => {
      ;({ disk, folder } = await open())
      clock = new ManualClock(START_NS)
      journal = await reopen()
    })

    afterEach(async () => {
      await journal.close().catch(() => {})
    })

    const frame = (text: string) => journal.append(RECORD.FRAME, 7, Buffer.from(text))

    const texts = async (bounds: { from?: Position; until?: Position } = {}) => {
      const found: string[] = []
      for await (const { body } of openCursor({ disk, folder, ...bounds }).records())
        found.push(Buffer.from(body).toString())
      return found
    }

    test('gives back what was appended, in order, byte for byte', async () => {
      const bodies = [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.from('é\n'), Buffer.alloc(100_000, 7)]
      for (const [index, body] of bodies.entries()) expect(journal.append(RECORD.COMMAND, index, body)).toBe('taken')
      await journal.flush()
      const records = []
      for await (const record of openCursor({ disk, folder }).records()) {
        records.push({ type: record.type, connection: record.connection, body: Buffer.from(record.body) })
      }
      expect(records).toEqual(bodies.map((body, connection) => ({ type: RECORD.COMMAND, connection, body })))
    })

    test('copies the bytes before `append` returns', async () => {
      const body = Buffer.from('before')
      journal.append(RECORD.FRAME, 1, body)
      body.write('after!')
      await journal.flush()
      expect(await texts()).toEqual(['before'])
    })

    test('answers `full` at once and takes nothing, and takes again when there is room', async () => {
      await journal.close()
      journal = await reopen({ bufferLimitBytes: 1_000 })
      const answers = Array.from({ length: 10 }, () => frame('x'.repeat(200)))
      expect(answers.slice(0, 4)).toEqual(['taken', 'taken', 'taken', 'taken'])
      expect(answers.slice(4)).toEqual(Array(6).fill('full'))
      expect(frame('y'.repeat(2_000))).toBe('too_large')
      await journal.flush()
      expect(frame('again')).toBe('taken')
      await journal.flush()
      expect(await texts()).toHaveLength(5)
    })

    test('shows nothing past the durable position to a reader that asked for durable records', async () => {
      frame('one')
      await journal.flush()
      const { durable } = journal
      frame('two')
      expect(comparePositions(journal.head, durable)).toBeGreaterThan(0)
      expect(await texts({ until: durable })).toEqual(['one'])
      await journal.flush()
      expect(await texts({ until: durable })).toEqual(['one'])
      expect(await texts({ until: journal.durable })).toEqual(['one', 'two'])
    })

    test('names the position of the next record before it is appended', async () => {
      const told: Position[] = []
      for (let index = 0; index < 5; index++) {
        told.push(journal.head)
        frame(`number ${index}`)
      }
      await journal.flush()
      told.push(journal.head)
      frame('in the next block')
      await journal.flush()
      const found: Position[] = []
      for await (const { position } of openCursor({ disk, folder }).records()) found.push(position)
      expect(found).toEqual(told)
    })

    test('goes on from the position after any record', async () => {
      for (let index = 0; index < 30; index++) {
        frame(String(index))
        if (index % 7 === 0) await journal.flush()
      }
      await journal.flush()
      const places: Position[] = []
      for await (const { next } of openCursor({ disk, folder }).records()) places.push(next)
      for (const [index, from] of places.entries()) {
        expect(await texts({ from })).toEqual(
          Array.from({ length: 29 - index }, (_, later) => String(index + 1 + later)),
        )
      }
    })

    test('stamps records with the time of the clock, and never backward', async () => {
      const stamp = journal.stamp()
      clock.advance(1_000)
      frame('a')
      journal.append(RECORD.FRAME, 7, Buffer.from('stamped earlier'), stamp)
      journal.append(RECORD.FRAME, 7, Buffer.from('no stamp of ours'), Number.NaN)
      journal.append(RECORD.FRAME, 7, Buffer.from('nor this'), 9e15)
      clock.advance(5)
      frame('b')
      await journal.flush()
      const stamps: bigint[] = []
      for await (const { stampNs } of openCursor({ disk, folder }).records()) stamps.push(stampNs - START_NS)
      expect(stamps).toEqual([1_000n, 1_000n, 1_000n, 1_000n, 1_005n])
      expect(journal.toUnixNs(journal.stamp())).toBe(START_NS + 1_005n)
    })

    test('keeps all that was flushed through a new start, in a new segment', async () => {
      frame('first run')
      await journal.close()
      const { id } = journal
      journal = await reopen()
      expect(journal.id).toBe(id)
      expect(journal.recovery).toMatchObject({ records: 1, cutBytes: 0, damage: [], lastRecordNs: START_NS })
      frame('second run')
      await journal.flush()
      expect(await texts()).toEqual(['first run', 'second run'])
      expect(journal.durable.segment).toBe(2)
    })

    test('turns to a new segment by size, which begins with the context', async () => {
      await journal.close()
      journal = await reopen({ segmentBytes: 2_000, context: () => Buffer.from('context') })
      for (let index = 0; index < 20; index++) frame('x'.repeat(300))
      await journal.flush()
      const bySegment = new Map<number, number[]>()
      for await (const { position, type } of openCursor({ disk, folder }).records()) {
        bySegment.set(position.segment, [...(bySegment.get(position.segment) ?? []), type])
      }
      expect([...bySegment.values()].flat().filter((type) => type === RECORD.FRAME)).toHaveLength(20)
      const [first, ...rest] = [...bySegment.values()]
      expect(first).not.toContain(RECORD.CONTEXT)
      expect(rest.length).toBeGreaterThan(2)
      for (const types of rest) expect(types.indexOf(RECORD.CONTEXT)).toBe(0)
      for (const types of rest) expect(types.lastIndexOf(RECORD.CONTEXT)).toBe(0)
    })

    test('turns to a new segment by age', async () => {
      frame('young')
      clock.advance(3_601e9)
      frame('old')
      await journal.flush()
      expect(journal.durable.segment).toBe(2)
      expect(await texts()).toEqual(['young', 'old'])
    })

    test('refuses another environment, and changes nothing', async () => {
      frame('sim')
      await journal.close()
      await expect(reopen({ environment: 'prod' })).rejects.toMatchObject({ code: 'FLOW_JOURNAL_ENVIRONMENT' })
      expect(await texts()).toEqual(['sim'])
    })

    test('begins above every segment that a cursor names', async () => {
      await journal.close()
      journal = await reopen({ aboveSegment: 41 })
      expect(journal.head.segment).toBe(42)
    })

    test('answers `closed` after closing, however often it is closed', async () => {
      frame('last')
      await Promise.all([journal.close(), journal.close()])
      expect(frame('late')).toBe('closed')
      expect(await texts()).toEqual(['last'])
    })

    test('shows a following reader each record soon after it is durable, through a turn', async () => {
      await journal.close()
      let onDurable = () => {}
      journal = await reopen({ segmentBytes: 600, onDurable: () => onDurable() })
      const stop = new AbortController()
      const cursor = openCursor({ disk, folder, follow: true, until: () => journal.durable, signal: stop.signal })
      onDurable = () => cursor.poke()
      const seen: string[] = []
      const reading = (async () => {
        for await (const { body } of cursor.records()) {
          seen.push(Buffer.from(body).toString())
          if (seen.length === 12) stop.abort()
        }
      })()
      for (let index = 0; index < 12; index++) {
        frame(`${index} ${'.'.repeat(100)}`)
        if (index % 3 === 0) await journal.flush()
      }
      await journal.flush()
      await reading
      expect(seen.map((text) => Number.parseInt(text, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
      expect(journal.durable.segment).toBeGreaterThan(2)
    })
  })
}
