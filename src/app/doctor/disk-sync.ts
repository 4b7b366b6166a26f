/**
 * How fast this disk makes bytes durable, measured on a file beside the journal, which is removed: small syncs as a commit
 * makes them, then a burst as a full buffer would be.
 */
import { constants, type FileHandle, open, rm, statfs } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import { bad, type Check, good, warn } from './check.ts'
import { nearestFolder, probeFile } from './probe-folder.ts'

/** A commit of a busy second: a few frames and their block's header. */
const COMMIT_BYTES = 4 * 1024
const COMMITS_MAX = 300
const COMMITS_MS_MAX = 2_000
const BURST_BYTES = 16 * 1024 * 1024
const BURST_CHUNK_BYTES = 1024 * 1024
/** Connections are let go when a full buffer finds no relief for so long (src/feed/backpressure.ts). */
const RELIEF_S = 5
/** One commit in a hundred may take so long before a book is told of late. */
const P99_MS_MAX = 50
const P99_MS_BAD = 1_000

export const diskSync: Check = {
  name: 'disk-sync',
  limitMs: 30_000,
  async look({ config, dataFolder }, signal) {
    const { folder } = nearestFolder(dataFolder)
    const path = probeFile(folder)
    let file: FileHandle | undefined
    try {
      file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600)
      const commits = await measureCommits(file, signal)
      const burst = await measureBurst(file, signal)
      return judgeDisk({ ...commits, ...burst }, config.journal, await kindOf(folder))
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      return bad({
        found: `no file can be written in ${folder} (${code})`,
        needed: 'a folder that takes and syncs files',
        remedy: 'Mend its owner, mode or disk, or name another with --data.',
      })
    } finally {
      await file?.close()
      await rm(path, { force: true })
    }
  },
}

export type DiskSpeed = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly syncsPerSecond: number
  readonly bytesPerSecond: number
}

async function measureCommits(file: FileHandle, signal: AbortSignal): Promise<Omit<DiskSpeed, 'bytesPerSecond'>> {
  const bytes = Buffer.alloc(COMMIT_BYTES, 0x6b)
  const tookMs: number[] = []
  const startedMs = performance.now()
  while (tookMs.length < COMMITS_MAX && performance.now() - startedMs < COMMITS_MS_MAX && !signal.aborted) {
    const fromMs = performance.now()
    await file.write(bytes, 0, COMMIT_BYTES, tookMs.length * COMMIT_BYTES)
    await file.datasync()
    tookMs.push(performance.now() - fromMs)
  }
  const seconds = (performance.now() - startedMs) / 1000
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] ?? 0
  return { p50Ms: at(0.5), p99Ms: at(0.99), syncsPerSecond: tookMs.length / seconds }
}

async function measureBurst(file: FileHandle, signal: AbortSignal): Promise<Pick<DiskSpeed, 'bytesPerSecond'>> {
  const bytes = Buffer.alloc(BURST_CHUNK_BYTES, 0x6b)
  const startedMs = performance.now()
  let at = 0
  for (; at < BURST_BYTES && !signal.aborted; at += BURST_CHUNK_BYTES) await file.write(bytes, 0, bytes.length, at)
  await file.datasync()
  return { bytesPerSecond: at / ((performance.now() - startedMs) / 1000) }
}

/** Kinds of file system that matter, by the number that Linux gives them (statfs(2)). */
const KINDS: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'memory'],
  [0x6969, 'network'],
  [0xff534d42, 'network'],
  [0xfe534d42, 'network'],
  [0x01021997, 'network'],
  [0x65735546, 'fuse'],
])

const kindOf = async (folder: string): Promise<string | undefined> =>
  process.platform === 'linux' ? KINDS.get((await statfs(folder)).type) : undefined

/** Against what the settings need: a commit within its interval, and a full buffer written before connections are let go. */
export function judgeDisk(
  speed: DiskSpeed,
  { commitIntervalMs, bufferBytes }: Pick<Config['journal'], 'commitIntervalMs' | 'bufferBytes'>,
  kind: string | undefined,
) {
  const { p50Ms, p99Ms, syncsPerSecond, bytesPerSecond } = speed
  const neededBytes = bufferBytes / RELIEF_S
  const found = `a sync takes ${ms(p50Ms)} (p50), ${ms(p99Ms)} (p99): ${Math.round(syncsPerSecond)} a second; ${mb(bytesPerSecond)} MB/s`
  const figures = {
    sync_p50_ms: round(p50Ms),
    sync_p99_ms: round(p99Ms),
    syncs_per_second: Math.round(syncsPerSecond),
    bytes_per_second: Math.round(bytesPerSecond),
    file_system: kind ?? null,
  }
  const needed = `p99 under ${P99_MS_MAX} ms, p50 within the commit interval of ${commitIntervalMs} ms, and ${mb(neededBytes)} MB/s to empty a full buffer in ${RELIEF_S} s`
  if (bytesPerSecond < neededBytes || p99Ms > P99_MS_BAD) {
    const remedy = 'Put the data folder on a faster disk (an SSD of this machine): bursts would be lost on this one.'
    return bad({ found, needed, remedy, figures })
  }
  if (kind === 'memory') {
    const remedy = 'Name a folder on a disk with --data: what lies here is gone with the power.'
    return warn({ found: `${found}; the folder is in memory`, needed: 'a disk', remedy, figures })
  }
  if (kind === 'network' || kind === 'fuse') {
    const remedy = 'Prefer a disk of this machine: whether a sync here is one, only its server knows.'
    return warn({ found: `${found}; a ${kind} file system`, needed: 'a disk of this machine', remedy, figures })
  }
  if (p99Ms > P99_MS_MAX || p50Ms > commitIntervalMs) {
    const remedy = `Nothing is lost: commits gather more frames each. Books are served later, and the power takes more with it. A faster disk, or a KALSHIFLOW_COMMIT_INTERVAL_MS of ${Math.min(1000, Math.ceil(p50Ms * 2))}.`
    return warn({ found, needed, remedy, figures })
  }
  return good(found, figures)
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
const mb = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
const round = (value: number): number => Math.round(value * 1000) / 1000
