import { describe, expect, it } from 'vitest'
import type { Check } from './check.ts'
import { judgeClock } from './clock.ts'
import { judgeSpace } from './disk-space.ts'
import { judgeDisk } from './disk-sync.ts'
import { judgeLimits, openFilesMax } from './limits.ts'
import { renderChecks } from './render-checks.ts'
import { runChecks } from './run-checks.ts'
import type { Surroundings } from './surroundings.ts'
import { judgeVersions } from './versions.ts'

const GIB = 1024 ** 3
const JOURNAL = { commitIntervalMs: 5, bufferBytes: 64 * 1024 * 1024 }
const SSD = { p50Ms: 0.4, p99Ms: 3, syncsPerSecond: 2000, bytesPerSecond: 900e6 }
const LINUX = { node: '24.21.0', platform: 'linux', architecture: 'x64', release: '6.1', glibc: '2.36', isWsl: false }
const KEPT = { kind: 'kept', told: 'kept' } as const

describe('doctor judges', () => {
  it.each([
    ['a disk of its own', SSD, undefined, 'good'],
    ['one whose syncs take longer than the commit interval', { ...SSD, p50Ms: 8 }, undefined, 'warn'],
    ['one in memory', SSD, 'memory', 'warn'],
    ['one over the network', SSD, 'network', 'warn'],
    ['one that cannot empty a full buffer in time', { ...SSD, bytesPerSecond: 13e6 }, undefined, 'bad'],
    ['one that hangs now and then', { ...SSD, p99Ms: 1_500 }, undefined, 'bad'],
  ])('%s', (_, speed, kind, state) => {
    expect(judgeDisk(speed, JOURNAL, kind).state).toBe(state)
  })

  it.each([
    ['room for a year', { freeBytes: 500 * GIB, bytesPerDay: GIB }, 'good'],
    ['room for five days', { freeBytes: 5 * GIB, bytesPerDay: GIB }, 'warn'],
    ['little room', { freeBytes: GIB / 2, bytesPerDay: undefined }, 'warn'],
    ['no room to start', { freeBytes: 1024, bytesPerDay: undefined }, 'bad'],
    ['no room for another file', { freeBytes: 500 * GIB, bytesPerDay: undefined, freeFiles: 10 }, 'warn'],
  ])('%s', (_, space, state) => {
    expect(judgeSpace({ totalBytes: 1000 * GIB, freeFiles: undefined, ...space }, '/data').state).toBe(state)
  })

  it.each([
    ['a clock that is right', { aheadMs: 300, withinMs: 510 }, KEPT, 'good'],
    ['one that nothing keeps right', { aheadMs: 300, withinMs: 510 }, { kind: 'free', told: 'free' }, 'warn'],
    ['one that is some seconds off', { aheadMs: -4_000, withinMs: 510 }, KEPT, 'warn'],
    ['one so far off that signatures are refused', { aheadMs: 30_000, withinMs: 510 }, KEPT, 'bad'],
    ['one that nobody could compare', { none: 'offline' }, KEPT, 'good'],
  ] as const)('%s', (_, measured, keeper, state) => {
    expect(judgeClock(measured, keeper).state).toBe(state)
  })

  it.each([
    ['a usual Linux', LINUX, 'good'],
    ['one with musl, which has no embedded PostgreSQL', { ...LINUX, glibc: undefined }, 'warn'],
    [
      'a Mac with Apple silicon and the old Node of its package',
      { ...LINUX, platform: 'darwin', architecture: 'arm64', node: '18.9.0' },
      'bad',
    ],
    ['Windows', { ...LINUX, platform: 'win32' }, 'bad'],
  ])('%s', (_, machine, state) => {
    expect(judgeVersions(machine).state).toBe(state)
  })

  it('tells on Apple silicon that Node must be installed by hand', () => {
    const finding = judgeVersions({ ...LINUX, platform: 'darwin', architecture: 'arm64', node: '18.9.0' })
    expect(finding.remedy).toContain('brew install node@24')
  })

  it.each([
    ['a usual machine', { openFiles: 4096 }, 'good'],
    ['few open files', { openFiles: 512 }, 'warn'],
    ['too few open files', { openFiles: 64 }, 'bad'],
    ['less memory than the queues may take', { openFiles: 4096, boundBytes: 9 * GIB }, 'warn'],
  ])('%s', (_, limits, state) => {
    expect(judgeLimits({ memoryBytes: 8 * GIB, processors: 2, boundBytes: GIB / 4, ...limits }).state).toBe(state)
  })

  it('reads the soft limit of open files, and none where it is unlimited', () => {
    expect(openFilesMax('Max open files            1024                 524288               files\n')).toBe(1024)
    expect(openFilesMax('Max open files            unlimited            unlimited            files\n')).toBe(Infinity)
    expect(openFilesMax(undefined)).toBeUndefined()
  })
})

describe('checks', () => {
  const surroundings = {} as Surroundings
  const hanging: Check = { name: 'hangs', limitMs: 30, look: () => new Promise(() => {}) }
  const failing: Check = {
    name: 'fails',
    limitMs: 1_000,
    look: () => {
      throw Object.assign(new Error('no such thing'), { code: 'ENOENT' })
    },
  }

  it('that hang or fail are findings, and hold up no other', async () => {
    const checked = await runChecks([hanging, failing], surroundings)
    expect(checked.map(({ name, state }) => [name, state])).toEqual([
      ['hangs', 'bad'],
      ['fails', 'bad'],
    ])
    expect(checked[1]?.found).toContain('no such thing (ENOENT)')
  })

  it('are told within 80 columns, however long a word is, and in colour only where it is wanted', () => {
    const found = `${'a word '.repeat(40)}${'x'.repeat(200)}\nand a second paragraph`
    const checked = [{ name: 'settings', ms: 1, state: 'bad', found, needed: found, remedy: found } as const]
    const plain = renderChecks(checked, false)
    for (const line of plain.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(plain).not.toContain('\u001b')
    expect(renderChecks(checked, true)).toContain('\u001b[31m')
    expect(plain.replaceAll(/\s+/g, '')).toContain('x'.repeat(200))
  })
})
