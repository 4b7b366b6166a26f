/**
 * A journal's whole life on a disk that does its worst: chance appends, waits, fails writes, syncs and names, fills the
 * disk, kills the process or turns the power off, and starts anew.
 *
 * Safety: what was told to be durable is there after anything, in order, once, unchanged; and what is there was appended,
 * without a hole. Liveness: once the disk is well, all that was taken becomes durable.
 * `JOURNAL_SEED=123` runs one seed, `JOURNAL_SEEDS=500` so many. A seed chooses appends, faults and losses; how its waits
 * interleave is the machine's, so a rare failure may need a few runs to be seen again.
 */
import { expect, test } from 'vitest'
import { RECORD } from '#domain'
import { ManualClock } from './clock-manual.ts'
import { openCursor } from './cursor.ts'
import { MemoryDisk } from './disk-memory.ts'
import { verifyJournal } from './inspect.ts'
import { type Journal, openJournal } from './journal.ts'
import { SeededRandom } from './random-sources.ts'
import { pause } from './retry.ts'
import { sealableSegments, sealSegment } from './sealing.ts'

const FOLDER = '/journal'
const LIVES = 5
const STEPS = 30

const seeds = process.env['JOURNAL_SEED']
  ? [Number(process.env['JOURNAL_SEED'])]
  : Array.from({ length: Number(process.env['JOURNAL_SEEDS'] ?? 40) }, (_, index) => index + 1)

test('a journal keeps its word through failing disks and power losses', async () => {
  const totals = await Promise.all(seeds.map(live))
  // The simulation must have done what it is for.
  const sum = (name: keyof Told) => totals.reduce((all, told) => all + told[name], 0)
  if (seeds.length > 1)
    for (const name of ['records', 'failures', 'abandoned', 'cut', 'sealed', 'undurableKept'] as const)
      expect(sum(name), name).toBeGreaterThan(0)
}, 120_000)

/** What the dead had under way fails, and is waited for. */
type Process = { isDead: boolean; waiting: number }

type Told = { records: number; failures: number; abandoned: number; cut: number; sealed: number; undurableKept: number }

async function live(seed: number): Promise<Told> {
  const random = new SeededRandom(seed)
  const disk = new MemoryDisk({ seed })
  const clock = new ManualClock(1_800_000_000_000_000_000n)
  const told: Told = { records: 0, failures: 0, abandoned: 0, cut: 0, sealed: 0, undurableKept: 0 }
  /** What the journal must hold: all texts that may be there, and how many of them must be. */
  let history: string[] = []
  let promised = 0

  for (let life = 0; life < LIVES; life++) {
    const journal = await openJournal({
      disk,
      folder: FOLDER,
      clock,
      random,
      environment: 'sim',
      commitIntervalMs: 1,
      bufferLimitBytes: 8_000,
      segmentBytes: 4_000,
      closeWithinMs: 5,
      onEvent: ({ kind }) => {
        if (kind === 'write_failed') told.failures += 1
        if (kind === 'segment_abandoned') told.abandoned += 1
      },
    })
    told.cut += journal.recovery.cutBytes
    expect(journal.recovery.damage, `seed ${seed}`).toEqual([])
    const kept = await texts(disk)
    expect(kept.length, `seed ${seed}, life ${life}: durable records`).toBeGreaterThanOrEqual(promised)
    expect(kept, `seed ${seed}, life ${life}`).toEqual(history.slice(0, kept.length))
    told.undurableKept += kept.length - promised
    history = kept
    promised = kept.length

    const process = { isDead: false, waiting: 0 }
    disk.fault = faultsFor(random, process)
    for (let step = 0; step < STEPS; step++) {
      appendSome(journal, random, history)
      clock.advance(random.below(2e9))
      disk.quotaBytes = random.unit() < 0.1 ? disk.usedBytes + random.below(500) : Number.POSITIVE_INFINITY
      if (random.unit() < 0.5) await pause(random.below(4))
      if (random.unit() < 0.05) told.sealed += await trySealing(disk)
    }
    if (random.unit() < 0.3) {
      disk.fault = () => undefined
      disk.quotaBytes = Number.POSITIVE_INFINITY
      await journal.flush()
      expect(await texts(disk), `seed ${seed}: all is durable once the disk is well`).toEqual(history)
    }
    // The process dies: from here on it reaches the disk no more. Sometimes the machine dies with it.
    process.isDead = true
    disk.fault = () => 'EIO'
    await journal.close().catch(() => {})
    while (process.waiting > 0) await pause(1)
    await pause(1)
    promised += journal.metrics().durableRecords
    told.records = promised
    if (random.unit() < 0.7) disk.powerLoss()
    disk.fault = () => undefined
    disk.quotaBytes = Number.POSITIVE_INFINITY
  }
  const { faults, records } = await verifyJournal({ disk, folder: FOLDER })
  expect(
    faults.filter(({ kind }) => kind !== 'torn_tail'),
    `seed ${seed}`,
  ).toEqual([])
  expect(records).toBeGreaterThanOrEqual(promised)
  return told
}

function appendSome(journal: Journal, random: SeededRandom, history: string[]): void {
  for (let count = random.below(6); count > 0; count--) {
    const text = `${history.length} ${'.'.repeat(random.below(300))}`
    if (journal.append(RECORD.FRAME, 1, Buffer.from(text)) === 'taken') history.push(text)
  }
}

/** Some lives are calm, some hopeless. */
function faultsFor(random: SeededRandom, process: Process): MemoryDisk['fault'] {
  const rate = random.unit() < 0.4 ? 0 : random.unit() * 0.3
  return async (operation) => {
    if (random.unit() < 0.2) {
      process.waiting += 1
      await pause(random.below(3))
      process.waiting -= 1
    }
    if (process.isDead) return 'EIO'
    if (random.unit() >= rate) return undefined
    if (operation === 'sync' || operation === 'syncFolder') return 'EIO'
    if (operation === 'write') return random.unit() < 0.5 ? 'ENOSPC' : 'EIO'
    return operation === 'create' ? 'ENOSPC' : operation === 'remove' ? 'EIO' : undefined
  }
}

async function trySealing(disk: MemoryDisk): Promise<number> {
  let sealed = 0
  for (const number of await sealableSegments(disk, FOLDER).catch(() => [])) {
    try {
      await sealSegment({ disk, folder: FOLDER }, number)
      sealed += 1
    } catch {
      // It stays raw; that nothing is lost by it is what the test checks.
    }
  }
  return sealed
}

async function texts(disk: MemoryDisk): Promise<string[]> {
  const found: string[] = []
  for await (const { body } of openCursor({ disk, folder: FOLDER }).records()) found.push(Buffer.from(body).toString())
  return found
}
