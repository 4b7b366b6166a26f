/** What every archive target promises, put to the test on a real one. */
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { ArchiveTarget, ObjectBody } from '#archive'

const bodyOf = (bytes: Uint8Array): ObjectBody => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  open: () => Readable.from([bytes]),
})

async function readAll(target: ArchiveTarget, key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of target.read(key)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** `open` answers a target that is empty. */
export function keepsTheArchiveContract(name: string, open: () => Promise<ArchiveTarget>): void {
  describe(`${name} keeps the contract of an archive target`, () => {
    test('what was put is given back byte for byte, and listed', async () => {
      const target = await open()
      const bytes = randomBytes(300_000)
      expect(await target.head('j/0000000001.kfj.zst')).toBeUndefined()
      await target.put('j/0000000001.kfj.zst', bodyOf(bytes))
      await target.put('j/0000000001.manifest.json', bodyOf(Buffer.from('{}')))
      await target.put('k/0000000001.manifest.json', bodyOf(Buffer.from('')))
      expect(await readAll(target, 'j/0000000001.kfj.zst')).toEqual(bytes)
      expect((await target.head('j/0000000001.kfj.zst'))?.bytes).toBe(300_000)
      expect(await target.list('j/')).toEqual(['j/0000000001.kfj.zst', 'j/0000000001.manifest.json'])
      expect(await target.list('')).toHaveLength(3)
      expect(await target.list('nobody/')).toEqual([])
      target.close()
    })

    test('an object is never overwritten', async () => {
      const target = await open()
      await target.put('j/a', bodyOf(Buffer.from('first')))
      await expect(target.put('j/a', bodyOf(Buffer.from('second')))).rejects.toMatchObject({
        code: 'FLOW_ARCHIVE_DIFFERENT',
      })
      expect(String(await readAll(target, 'j/a'))).toBe('first')
      target.close()
    })

    test('what is not there is said to be missing', async () => {
      const target = await open()
      await expect(readAll(target, 'j/nothing')).rejects.toMatchObject({ code: 'FLOW_ARCHIVE_MISSING' })
      target.close()
    })
  })
}
