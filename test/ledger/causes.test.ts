/** docs/gaps.md against the program: every cause stands there, with whose doing it is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LOST_CAUSES } from '#domain'
import { doubtOf } from '#feed'
import { blameOf, HOLE_CAUSES } from '#ledger'

test('every cause is explained, with whose doing it is', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/gaps.md'), 'utf8')
  const rows = [...text.matchAll(/^\| ((?:`[a-z_]+`(?:, )?)+) \| (exchange|own|operator) \|/gm)]
  const told = rows.flatMap(([, names = '', blame]) =>
    [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => [name, blame] as const),
  )
  expect(new Map(told)).toEqual(new Map(HOLE_CAUSES.map((cause) => [cause, blameOf(cause)])))
})

test('whatever ends a connection leaves a hole of a known cause, and our own drops are never the exchange’s', () => {
  for (const cause of LOST_CAUSES) {
    const doubt = doubtOf(cause)
    expect(HOLE_CAUSES).toContain(doubt === 'connection_lost' ? cause : doubt)
  }
  for (const cause of ['own_backpressure', 'disk_full', 'process_down', 'journal_damage', 'dropped']) {
    expect(blameOf(cause)).toBe('own')
  }
  expect(blameOf('a cause of a later version')).toBe('own')
})
