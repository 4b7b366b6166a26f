import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { announce, listPresent, withdraw } from './presence.ts'
import { identify, identifySelf, isLiving } from './process-identity.ts'
import { withLock } from './start-lock.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kalshiflow-presence-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const quiet = { onEvent: () => {}, limitMs: 20_000 }

describe('a process', () => {
  it('is known from the one that has its number later', () => {
    const self = identifySelf()
    expect(isLiving(self)).toBe(true)
    expect(isLiving({ ...self, start: '000000000000' })).toBe(false)
    expect(identify(0)).toBeUndefined()
    expect(identify(-1)).toBeUndefined()
    expect(identify(Number.NaN)).toBeUndefined()
  })

  it('is dead when it has ended, also before its parent has collected it', async () => {
    const child = spawn('sleep', ['60'])
    const identity = identify(child.pid!)!
    process.kill(child.pid!, 'SIGKILL')
    // No turn of the event loop lies between, so the child may still wait to be collected.
    const deadlineMs = performance.now() + 5_000
    while (isLiving(identity) && performance.now() < deadlineMs);
    expect(isLiving(identity)).toBe(false)
  })
})

describe('a presence', () => {
  it('counts while its process lives, and each one by itself', () => {
    const one = announce(folder, 'lease')
    announce(folder, 'lease')
    announce(folder, 'lock')
    expect(listPresent(folder, 'lease')).toHaveLength(2)
    withdraw(folder, one)
    withdraw(folder, one)
    expect(listPresent(folder, 'lease')).toHaveLength(1)
  })

  it('of a dead process, or of an earlier one with the same number, counts for nothing and is removed', () => {
    writeFileSync(join(folder, `lease-${process.pid}-0123456789ab-00000000`), '')
    writeFileSync(join(folder, 'lease-999999999-0123456789ab-00000000'), '')
    expect(listPresent(folder, 'lease')).toEqual([])
    expect(readdirSync(folder)).toEqual([])
  })

  it('leaves files alone that are none', () => {
    writeFileSync(join(folder, 'lease-notes.txt'), '')
    expect(listPresent(folder, 'lease')).toEqual([])
    expect(existsSync(join(folder, 'lease-notes.txt'))).toBe(true)
  })
})

describe('the start lock', () => {
  it('lets one in at a time, and everybody in the end', async () => {
    let inside = 0
    let done = 0
    const visit = () =>
      withLock(folder, quiet, async () => {
        expect(++inside).toBe(1)
        await sleep(2)
        inside--
        done++
      })
    await Promise.all(Array.from({ length: 12 }, visit))
    expect(done).toBe(12)
    expect(readdirSync(folder)).toEqual([])
  })

  it('is free again when the work fails, and when its holder was killed', async () => {
    await expect(withLock(folder, quiet, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    writeFileSync(join(folder, 'lock-999999999-0123456789ab-00000000'), '')
    expect(await withLock(folder, quiet, async () => 7)).toBe(7)
  })

  it('says whom it waits for, and gives up at its limit', async () => {
    const held = announce(folder, 'lock')
    const waits: unknown[] = []
    const waiting = withLock(folder, { onEvent: (event) => waits.push(event), limitMs: 100 }, async () => 7)
    await expect(waiting).rejects.toMatchObject({ code: 'FLOW_DB_LOCK', fields: { pid: process.pid } })
    expect(waits).toEqual([{ kind: 'database_waiting', holderPid: process.pid }])
    withdraw(folder, held)
  })

  it('stops waiting when told', async () => {
    announce(folder, 'lock')
    const ending = new AbortController()
    const waiting = withLock(folder, { ...quiet, signal: ending.signal }, async () => 7)
    ending.abort()
    await expect(waiting).rejects.toThrow(/abort/i)
  })
})
