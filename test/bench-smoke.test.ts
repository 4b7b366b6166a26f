/** The benches run, and every figure stands beside a check that passed. Their speeds are not looked at: this is no place to measure. */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { Report } from '../bench/report.ts'
import { distributionOf, passes, printReport, spreadOf } from '../bench/report.ts'

const root = resolve(import.meta.dirname, '..')

function bench(...words: string[]) {
  return spawnSync(process.execPath, ['--conditions=source', join(root, 'bench/main.ts'), ...words], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  })
}

test('a smoke run measures everything and finds every book right', { timeout: 60_000 }, () => {
  const run = bench('--smoke', '--json')
  expect(run.stderr).not.toMatch(/Error/)
  const { machine, wrong, reports } = JSON.parse(run.stdout) as {
    machine: object
    wrong: number
    reports: Report[]
  }
  expect(machine).toMatchObject({ node: process.version })
  expect(new Set(reports.map((each) => each.bench))).toEqual(new Set(['m1', 'latency', 'journal', 'm3']))
  for (const { name, speeds, distributions, checks } of reports) {
    expect(speeds.length + distributions.length, name).toBeGreaterThan(0)
    expect(checks.length, name).toBeGreaterThan(0)
    expect(checks.filter((each) => !passes(each))).toEqual([])
  }
  // Shuffled keys cost speed, never a book.
  const [today, shuffled] = ["generated tape, today's shape", 'generated tape, keys shuffled, an unknown field'].map(
    (name) => reports.find((each) => each.bench === 'm1' && each.name === name)!.checks[0]!.found,
  )
  expect(shuffled).toBe(today)
  expect(wrong).toBe(0)
  expect(run.status).toBe(0)
})

test('a bench that is not there is refused with those that are', () => {
  const run = bench('speed')
  expect(run.status).toBe(1)
  expect(run.stderr).toContain('there is no bench speed; usage: npm run bench -- [m1|latency|journal|m3]')
})

test('a wrong result is printed as one, with what was found and what was needed', () => {
  const check = { what: 'books', found: 'abc', wanted: 'def' }
  expect(passes(check)).toBe(false)
  const report = { bench: 'm1', name: 'n', input: 'i', how: [], speeds: [], distributions: [], facts: {} }
  expect(printReport({ ...report, checks: [check] })).toContain('WRONG  books: found abc, needed def')
})

test('percentiles are samples, not estimates', () => {
  const samples = Float64Array.from({ length: 1000 }, (_, index) => 1000 - index)
  expect(distributionOf('', '', samples)).toMatchObject({ p50: 500, p99: 990, p999: 999, max: 1000 })
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
})
