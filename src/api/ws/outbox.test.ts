import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Outbox } from './outbox.ts'

/** The texts of unmasked frames. */
function unpack(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81)
    const short = bytes[at + 1]!
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    texts.push(bytes.toString('utf8', at + headerBytes, at + headerBytes + length))
    at += headerBytes + length
  }
  return texts
}

/** A socket that takes everything, sooner or later. */
function aSocket() {
  const taken: Buffer[] = []
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      taken.push(chunk)
      setImmediate(done)
    },
  })
  return { socket, taken }
}

test('messages of any length arrive whole, numbered and in order, wherever they are flushed', async () => {
  const lengths = fc.oneof(
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 65_500, max: 65_560 }),
    fc.constant(200_000),
  )
  const pushes = fc.array(fc.record({ length: lengths, flush: fc.boolean() }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(pushes, fc.integer({ min: 1, max: 1e9 }), async (all, first) => {
      const { socket, taken } = aSocket()
      const outbox = new Outbox(socket)
      const wanted = all.map(({ length }, index) => `{"seq":${first + index},"x":"${'y'.repeat(length)}"}`)
      for (const [index, { length, flush }] of all.entries()) {
        outbox.push(first + index, Buffer.from(`,"x":"${'y'.repeat(length)}"}`))
        if (flush) outbox.flush()
      }
      outbox.flush()
      await expect.poll(() => outbox.bufferedBytes).toBe(0)
      expect(unpack(Buffer.concat(taken))).toEqual(wanted)
      expect(outbox.pushedBytes).toBe(Buffer.concat(taken).length)
    }),
    { numRuns: 30 },
  )
})

test('what is not flushed, and what the socket has not taken, counts as buffered', () => {
  const socket = new Duplex({ read: () => {}, write: () => {} })
  const outbox = new Outbox(socket)
  outbox.push(1, Buffer.from(`,"x":1}`))
  expect(outbox.bufferedBytes).toBe(2 + '{"seq":1,"x":1}'.length)
  outbox.flush()
  expect(outbox.bufferedBytes).toBe(2 + '{"seq":1,"x":1}'.length)
})
