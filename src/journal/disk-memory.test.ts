/** What only a disk that loses its power can show. The rest is in test/contracts/disk.ts. */
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from './disk-memory.ts'

const content = (disk: MemoryDisk, path: string) => disk.peek(path)?.toString()

async function fileOf(disk: MemoryDisk, path: string) {
  await disk.makeFolder('/d')
  return disk.create(path)
}

describe('a disk in memory that loses its power', () => {
  test('keeps what was synced, when the name was synced too', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const disk = new MemoryDisk({ seed })
      const file = await fileOf(disk, '/d/a')
      await file.write(Buffer.from('kept'), 0)
      await file.sync()
      await disk.syncFolder('/d')
      disk.powerLoss()
      expect(content(disk, '/d/a')).toBe('kept')
    }
  })

  test('keeps or forgets what was not synced, and tears large writes', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 300; seed++) {
      const disk = new MemoryDisk({ seed })
      const file = await fileOf(disk, '/d/a')
      await file.sync()
      await disk.syncFolder('/d')
      await file.write(Buffer.alloc(1_024, 'x'), 0)
      disk.powerLoss()
      const bytes = disk.peek('/d/a')!
      const sector = (from: number) => (bytes.length <= from ? '-' : bytes[from] === 0 ? '0' : 'x')
      seen.add(sector(0) + sector(512))
    }
    expect([...seen].sort()).toEqual(['--', '0x', 'x-', 'xx'])
  })

  test('forgets a name that was not synced, at least sometimes', async () => {
    const seen = new Set<boolean>()
    for (let seed = 0; seed < 50; seed++) {
      const disk = new MemoryDisk({ seed })
      await (await fileOf(disk, '/d/a')).sync()
      disk.powerLoss()
      seen.add(disk.peek('/d/a') !== undefined)
    }
    expect(seen.size).toBe(2)
  })

  test('does not heal a failed sync by a good one after it', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 50; seed++) {
      const disk = new MemoryDisk({ seed })
      const file = await fileOf(disk, '/d/a')
      await disk.syncFolder('/d')
      await file.write(Buffer.from('a'), 0)
      disk.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined)
      await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
      disk.fault = () => undefined
      await file.sync()
      expect(content(disk, '/d/a')).toBe('a')
      disk.powerLoss()
      seen.add(content(disk, '/d/a') ?? 'gone')
    }
    expect([...seen].sort()).toEqual(['', 'a'])
  })

  test('closes the files that were open', async () => {
    const disk = new MemoryDisk()
    const file = await fileOf(disk, '/d/a')
    disk.powerLoss()
    await expect(file.write(Buffer.from('a'), 0)).rejects.toMatchObject({ code: 'EIO' })
  })

  test('writes what fits when it is full, and says ENOSPC', async () => {
    const disk = new MemoryDisk({ quotaBytes: 3 })
    const file = await fileOf(disk, '/d/a')
    await expect(file.write(Buffer.from('abcde'), 0)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(content(disk, '/d/a')).toBe('abc')
    disk.quotaBytes = 5
    await file.write(Buffer.from('abcde'), 0)
    expect(content(disk, '/d/a')).toBe('abcde')
  })
})
