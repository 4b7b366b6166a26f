import { expect, test } from 'vitest'
import { tellEvent } from './archive.ts'

const archived = { kind: 'archived', segment: 2, bytes: 1024 ** 2, put: 2, damaged: 0 } as const

test('a copy of a segment that is damaged here is not told as if it were sound', () => {
  expect(tellEvent(archived)).toBe('segment 2: archived, 1.0 MiB')
  expect(tellEvent({ ...archived, damaged: 1 })).toMatch(/as damaged as it is here \(1 place\)/)
})

test('what is wrong with the archive itself is put to no segment', () => {
  const failed = { kind: 'failed', code: 'FLOW_ARCHIVE_UNREACHABLE', message: 'it is away' } as const
  expect(tellEvent({ ...failed, segment: 0 })).toBe('it is away (FLOW_ARCHIVE_UNREACHABLE)')
  expect(tellEvent({ ...failed, segment: 3 })).toBe('segment 3: it is away (FLOW_ARCHIVE_UNREACHABLE)')
})
