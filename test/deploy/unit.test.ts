/** The systemd unit: what systemd itself says of it, and that its figures fit the program's. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SETTING_NAMES } from '../../src/app/config/config-settings.ts'
import { isCredential } from '../../src/app/systemd/credentials.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const UNIT = join(ROOT, 'deploy/kalshiflow.service')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const unit = read('deploy/kalshiflow.service')

/** All values of a directive, in order. */
const valuesOf = (name: string): string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value!)
const secondsOf = (name: string): number => Number(valuesOf(name).at(-1))

/** Exposure from 0 to 10 by `systemd-analyze security`, times ten; 1.6 with systemd 252. A service with nothing set has 9.6. */
const EXPOSURE_MAX = 20

const analyze = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 15_000 })
  return { status, said: `${stdout}${stderr}` }
}

describe.skipIf(analyze('--version').status !== 0)('the unit (skipped without systemd-analyze)', () => {
  test('has nothing that systemd does not understand', () => {
    expect(analyze('verify', UNIT)).toEqual({ status: 0, said: '' })
  })

  test(`is exposed by no more than ${EXPOSURE_MAX / 10} of 10`, () => {
    const { status, said } = analyze('security', '--no-pager', '--offline=true', `--threshold=${EXPOSURE_MAX}`, UNIT)
    expect([status, status === 0 ? '' : said]).toEqual([0, ''])
  })
})

test('it gives stopping more time than the program takes, and the watchdog more than two tellings', () => {
  const stopMsMax = /STOP_MS_MAX = ([\d_]+)/.exec(read('src/app/service/stop-service.ts'))![1]!.replaceAll('_', '')
  const tellMs = /STATUS_EVERY_MS = ([\d_]+)/.exec(read('src/app/systemd/service-manager.ts'))![1]!.replaceAll('_', '')
  expect(secondsOf('TimeoutStopSec') * 1000).toBeGreaterThanOrEqual(2 * Number(stopMsMax))
  expect(secondsOf('WatchdogSec') * 1000).toBeGreaterThan(2 * Number(tellMs))
  expect([valuesOf('KillMode'), valuesOf('KillSignal')]).toEqual([['mixed'], ['SIGTERM']])
})

test('it leaves V8 and the locks what they need', () => {
  // With either, the program does not start, or commands beside it take its locks for those of the dead.
  expect([valuesOf('MemoryDenyWriteExecute'), valuesOf('ProcSubset')]).toEqual([[], []])
})

test('unit, image and compose file name settings that there are', () => {
  const named = [unit, read('deploy/Dockerfile'), read('deploy/compose.yml')].flatMap((text) =>
    [...text.matchAll(/\b(KALSHI[A-Z_]*|RL_[A-Z_]+|DATABASE_URL|LOG_FORMAT)(?==|: )/g)].map(([, name]) => name!),
  )
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !(SETTING_NAMES as readonly string[]).includes(name))).toEqual([])
})

test('a key that systemd hands over is known by its folder, and nothing else is', () => {
  const environment = { CREDENTIALS_DIRECTORY: '/run/credentials/kalshiflow.service' }
  expect(isCredential('/run/credentials/kalshiflow.service/kalshi-private-key', environment)).toBe(true)
  expect(isCredential('/run/credentials/kalshiflow.service/../other/key', environment)).toBe(false)
  expect(isCredential('/etc/kalshiflow/key.pem', environment)).toBe(false)
  expect(isCredential('key.pem', {})).toBe(false)
})
