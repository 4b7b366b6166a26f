/** The promises in ports/disk.ts, asked of one adapter. What only a power loss can show is asked of MemoryDisk alone. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Disk } from '#ports'

export type DiskUnderTest = { readonly disk: Disk; readonly folder: string }

export function keepsTheDiskContract(name: string, open: () => Promise<DiskUnderTest>): void {
  describe(`${name} keeps the disk contract`, () => {
    let disk: Disk
    let folder: string

    beforeEach(async () => {
      ;({ disk, folder } = await open())
      await disk.makeFolder(folder)
    })

    const write = async (path: string, text: string) => {
      const file = await disk.create(path)
      await file.write(Buffer.from(text), 0)
      await file.sync()
      await file.close()
    }

    const read = async (path: string) => {
      const reader = await disk.open(path)
      const bytes = Buffer.alloc(100)
      const length = await reader.read(bytes, 0)
      await reader.close()
      return bytes.toString('utf8', 0, length)
    }

    test('reads back what was written, at any offset', async () => {
      const file = await disk.create(`${folder}/a`)
      await file.write(Buffer.from('hello'), 0)
      await file.write(Buffer.from('J'), 0)
      await file.write(Buffer.from(' you'), 5)
      await file.sync()
      await file.close()
      expect(await read(`${folder}/a`)).toBe('Jello you')
    })

    test('reads nothing at the end, and part before it', async () => {
      await write(`${folder}/a`, 'abc')
      const reader = await disk.open(`${folder}/a`)
      const into = Buffer.alloc(10)
      expect(await reader.size()).toBe(3)
      expect(await reader.read(into, 2)).toBe(1)
      expect(await reader.read(into, 3)).toBe(0)
      expect(await reader.read(into, 99)).toBe(0)
      await reader.close()
    })

    test('shows a reader what is appended after it opened', async () => {
      const file = await disk.create(`${folder}/a`)
      const reader = await disk.open(`${folder}/a`)
      await file.write(Buffer.from('abc'), 0)
      expect(await reader.size()).toBe(3)
      expect(await reader.read(Buffer.alloc(10), 0)).toBe(3)
      await reader.close()
      await file.close()
    })

    test('leaves a hole that reads as zeros', async () => {
      const file = await disk.create(`${folder}/a`)
      await file.write(Buffer.from('x'), 3)
      await file.close()
      expect(await read(`${folder}/a`)).toBe('\0\0\0x')
    })

    test('cuts the end of an existing file and appends to it', async () => {
      await write(`${folder}/a`, 'abcdef')
      const file = await disk.reopen(`${folder}/a`)
      await file.truncate(2)
      await file.write(Buffer.from('Z'), 2)
      await file.sync()
      await file.close()
      expect(await read(`${folder}/a`)).toBe('abZ')
    })

    test('lists names, and makes a folder twice without complaint', async () => {
      await write(`${folder}/a`, '1')
      await write(`${folder}/b`, '2')
      await disk.makeFolder(folder)
      await disk.syncFolder(folder)
      expect((await disk.list(folder)).sort()).toEqual(['a', 'b'])
    })

    test('renames over an existing file, and removes', async () => {
      await write(`${folder}/a`, 'new')
      await write(`${folder}/b`, 'old')
      await disk.rename(`${folder}/a`, `${folder}/b`)
      expect(await read(`${folder}/b`)).toBe('new')
      await disk.remove(`${folder}/b`)
      expect(await disk.list(folder)).toEqual([])
    })

    test('goes on reading a file that was removed while open', async () => {
      await write(`${folder}/a`, 'abc')
      const reader = await disk.open(`${folder}/a`)
      await disk.remove(`${folder}/a`)
      expect(await reader.read(Buffer.alloc(3), 0)).toBe(3)
      await reader.close()
    })

    test('says ENOENT and EEXIST by their codes', async () => {
      await write(`${folder}/a`, '')
      await expect(disk.create(`${folder}/a`)).rejects.toMatchObject({ code: 'EEXIST' })
      await expect(disk.open(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(disk.reopen(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(disk.remove(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(disk.rename(`${folder}/none`, `${folder}/a`)).rejects.toMatchObject({ code: 'ENOENT' })
      await expect(disk.list(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
    })
  })
}
