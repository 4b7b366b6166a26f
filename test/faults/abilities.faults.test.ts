/** What can be broken here for real, told once so that a skip elsewhere is no surprise. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { canMountTmpfs, FAKETIME_LIBRARY, NO_FAKETIME, NO_TMPFS } from './abilities.ts'

test.skipIf(!canMountTmpfs)(`a disk of 1 MB can be filled (${NO_TMPFS})`, () => {
  const filling = 'mount -t tmpfs -o size=1m none /mnt && head -c 2000000 /dev/zero > /mnt/file'
  const { status, stderr } = spawnSync('unshare', ['-Urm', 'sh', '-c', filling], { encoding: 'utf8' })
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/No space left/)
})

test.skipIf(FAKETIME_LIBRARY === undefined)(`a wall clock can be an hour ahead (${NO_FAKETIME})`, () => {
  const env = { ...process.env, LD_PRELOAD: FAKETIME_LIBRARY, FAKETIME: '+1h', DONT_FAKE_MONOTONIC: '1' }
  const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], { env, encoding: 'utf8' })
  expect(Math.abs(Number(stdout) - Date.now() - 3_600_000)).toBeLessThan(60_000)
})
