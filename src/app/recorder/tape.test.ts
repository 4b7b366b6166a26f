import { describe, expect, test } from 'vitest'
import { RECORD } from '#domain'
import { Fold } from '#feed'
import { decodeJson, ManualClock, MemoryDisk, openCursor, openJournal, SystemClock } from '#journal'
import type { Clock } from '#ports'
import { Tape } from './tape.ts'

const OPENED = { host: 'test', environment: 'sim', useYesPrice: true, firstSeq: 'one' } as const

async function aTape(bufferLimitBytes: number, clock: Clock = new SystemClock()) {
  const disk = new MemoryDisk()
  const options = { disk, folder: 'j', environment: 'sim', bufferLimitBytes, commitIntervalMs: 1000, clock } as const
  const journal = await openJournal(options)
  const tape = new Tape(journal, new Fold())
  const read = async () => {
    await journal.flush()
    const types: number[] = []
    for await (const block of openCursor({ disk, folder: 'j' })) while (block.next()) types.push(block.type)
    return types
  }
  return { disk, journal, tape, read }
}

describe('the tape', () => {
  test('takes no frame while a record is owed, and the record stands first when there is room', async () => {
    const { journal, tape, read } = await aTape(4096)
    const connection = tape.opened(OPENED)
    const frame = Buffer.alloc(500, 0x20)
    let taken = 0
    while (tape.frame(connection, frame) === 'taken') taken++
    tape.lost(connection, {
      cause: 'own_backpressure',
      lastProofNs: '1',
      lastProofKind: 'frame',
      detail: 'x'.repeat(900),
    })
    expect(tape.owed).toBe(1)
    expect(tape.frame(connection, Buffer.alloc(1))).toBe('full')
    await journal.flush()
    const second = tape.opened(OPENED)
    expect(tape.frame(second, frame)).toBe('taken')
    expect(tape.owed).toBe(0)
    const frames = Array(taken).fill(RECORD.FRAME)
    expect(await read()).toEqual([
      RECORD.CONNECTION_OPENED,
      ...frames,
      RECORD.CONNECTION_LOST,
      RECORD.CONNECTION_OPENED,
      RECORD.FRAME,
    ])
  })

  test('says for how long something has waited, also what the journal had no room for', async () => {
    const clock = new ManualClock(1_800_000_000_000_000_000n)
    const { journal, tape } = await aTape(4096, clock)
    expect(tape.waitingMs).toBeUndefined()
    const connection = tape.opened(OPENED)
    clock.advance(5e6)
    expect(tape.waitingMs).toBe(5)
    while (tape.frame(connection, Buffer.alloc(500, 0x20)) === 'taken');
    clock.advance(10e6)
    tape.lost(connection, {
      cause: 'own_backpressure',
      lastProofNs: '1',
      lastProofKind: 'frame',
      detail: 'x'.repeat(900),
    })
    clock.advance(100e6)
    expect(tape.waitingMs).toBe(115)
    await journal.flush()
    expect(tape.waitingMs).toBe(100)
    clock.advance(50e6)
    // Appended now, it has waited since it was owed.
    expect(tape.payOwed()).toBe(true)
    clock.advance(1e6)
    expect(tape.waitingMs).toBe(151)
    await journal.flush()
    expect(tape.waitingMs).toBeUndefined()
  })

  test('tells of a record that is larger than the journal takes', async () => {
    const { disk, tape, read } = await aTape(4096)
    tape.record(RECORD.REST, 0, Buffer.alloc(100_000))
    expect(tape.tooLarge).toBe(1)
    expect(await read()).toEqual([RECORD.NOTE])
    for await (const block of openCursor({ disk, folder: 'j' })) {
      while (block.next()) expect(decodeJson<{ text: string }>(block.body())?.text).toContain('100000 bytes')
    }
  })
})
