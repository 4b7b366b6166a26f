import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPackage, prepareBinaries } from './binaries.ts'
import type { DatabaseEvent } from './database-event.ts'
import { limitLog, logSize, readLogSince } from './server-log.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-binaries-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the binaries', () => {
  it('are those of this platform', async () => {
    const events: DatabaseEvent[] = []
    const binaries = await prepareBinaries(findPackage(), folder, undefined, (event) => events.push(event))
    expect(binaries.major).toBe(18)
    expect(binaries.version).toMatch(/^18\.\d+$/)
    expect(events).toEqual([])
  })

  it('are said to be missing where there are none, with the way out', () => {
    expect(() => findPackage('sunos', 'sparc')).toThrow(expect.objectContaining({ code: 'FLOW_DB_NO_BINARY' }))
    expect(() => findPackage('sunos', 'sparc')).toThrow(/Set DATABASE_URL/)
  })

  it('that do not run on this system are refused with what they said', async () => {
    const native = aPackage('#!/nonexistent-loader\n')
    const found = prepareBinaries(native, folder, undefined, () => {})
    await expect(found).rejects.toMatchObject({ code: 'FLOW_DB_NO_BINARY' })
    await expect(prepareBinaries(native, folder, undefined, () => {})).rejects.toThrow(/glibc/)
    const broken = aPackage('#!/bin/sh\necho libicu is missing >&2; exit 127\n')
    await expect(prepareBinaries(broken, folder, undefined, () => {})).rejects.toThrow(
      /libicu is missing.*DATABASE_URL/,
    )
  })
})

describe('the server log', () => {
  it('is moved aside when it is long, and read from where one stood', () => {
    const path = join(folder, 'log')
    expect(logSize(path)).toBe(0)
    expect(readLogSince(path, 0)).toBe('')
    limitLog(path, 10)
    writeFileSync(path, 'before|after')
    expect(readLogSince(path, 7)).toBe('after')
    limitLog(path, 100)
    expect(logSize(path)).toBe(12)
    limitLog(path, 10)
    expect(logSize(path)).toBe(0)
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('before|after')
  })
})

/** A package whose `postgres` is the given script. */
function aPackage(script: string): string {
  const native = mkdtempSync(join(folder, 'native-'))
  for (const part of ['bin', 'lib', 'share/postgresql']) mkdirSync(join(native, part), { recursive: true })
  for (const name of ['postgres', 'initdb']) {
    writeFileSync(join(native, 'bin', name), script)
    chmodSync(join(native, 'bin', name), 0o755)
  }
  return native
}
