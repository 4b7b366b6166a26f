import { connect as connectSocket, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Outbox } from './outbox.ts'

/** Two ends of a real connection. */
async function openPair(): Promise<{ near: Socket; far: Socket; close: () => void }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const far = connectSocket(port, '127.0.0.1')
  const near = await new Promise<Socket>((resolve) => server.once('connection', resolve))
  return {
    near,
    far,
    close: () => {
      near.destroy()
      far.destroy()
      server.close()
    },
  }
}

/** Reads unmasked frames as RFC 6455 §5.2 lays them out. */
function readTexts(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0x81)
    const short = bytes[at + 1] as number
    const [length, headerBytes] =
      short < 126
        ? [short, 2]
        : short === 126
          ? [bytes.readUInt16BE(at + 2), 4]
          : [Number(bytes.readBigUInt64BE(at + 2)), 10]
    at += headerBytes
    texts.push(bytes.toString('utf8', at, at + length))
    at += length
  }
  return texts
}

async function sendThrough(texts: readonly string[]): Promise<string[]> {
  const { near, far, close } = await openPair()
  const outbox = new Outbox(near, () => true)
  const received: Buffer[] = []
  far.on('data', (chunk) => received.push(chunk))
  for (const text of texts) outbox.push(text)
  outbox.flush()
  near.end()
  await new Promise((resolve) => far.once('end', resolve))
  close()
  return readTexts(Buffer.concat(received))
}

test.each([0, 1, 125, 126, 65_535, 65_536, 300_000])(
  'a text of %i bytes arrives whole, with others around it',
  async (length) => {
    const texts = ['before', 'x'.repeat(length), 'after']
    expect(await sendThrough(texts)).toEqual(texts)
  },
)

test('any texts arrive as they were, in order', async () => {
  const aText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 60_000, maxLength: 70_000 }))
  await fc.assert(
    fc.asyncProperty(fc.array(aText, { maxLength: 12 }), async (texts) => {
      expect(await sendThrough(texts)).toEqual(texts)
    }),
    { numRuns: 30 },
  )
})

test('bytes are counted until the system has taken them, and a closed socket takes none', async () => {
  const { near, close } = await openPair()
  const outbox = new Outbox(near, () => true)
  outbox.push('x'.repeat(1000))
  expect(outbox.bufferedBytes).toBe(1004)
  outbox.flush()
  await expect.poll(() => outbox.bufferedBytes).toBe(0)
  expect(outbox.isOpen).toBe(true)
  close()
  expect(outbox.isOpen).toBe(false)
})
