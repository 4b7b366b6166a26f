/** What the system lets this program have: open files, memory, processors. */
import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import type { Config } from '../config/config.ts'
import { boundsOf } from '../service/bounds.ts'
import { bad, type Check, type Finding, good, warn } from './check.ts'

/** Sockets of clients and exchange, segments, the database's and Node's own. */
const FILES_MIN = 256
const FILES_GOOD = 1024
const MEMORY_GOOD_BYTES = 1024 ** 3

export const limits: Check = {
  name: 'limits',
  limitMs: 2_000,
  look: ({ config }) =>
    judgeLimits({
      openFiles: openFilesMax(readText('/proc/self/limits')),
      memoryBytes: Math.min(totalmem(), cgroupBytes() ?? Number.POSITIVE_INFINITY),
      processors: availableParallelism(),
      boundBytes: boundBytes(config),
    }),
}

export type Limits = {
  /** `undefined` where the system does not say. */
  readonly openFiles: number | undefined
  readonly memoryBytes: number
  readonly processors: number
  /** What the queues may hold at most, all together. */
  readonly boundBytes: number
}

export function judgeLimits({ openFiles, memoryBytes, processors, boundBytes }: Limits): Finding {
  const files = openFiles === undefined ? 'open files not told' : `${openFiles} open files`
  const found = `${files}; ${mib(memoryBytes)} MiB of memory, queues at most ${mib(boundBytes)}; ${processors} processors`
  const figures = {
    open_files: openFiles === undefined || !Number.isFinite(openFiles) ? null : openFiles,
    memory_bytes: memoryBytes,
    processors,
    bound_bytes: boundBytes,
  }
  const raise = 'Raise it: `ulimit -n 4096`, or LimitNOFILE=4096 in the systemd unit.'
  if (openFiles !== undefined && openFiles < FILES_MIN)
    return bad({ found, needed: `${FILES_MIN} open files at least`, remedy: raise, figures })
  if (boundBytes > memoryBytes)
    return warn({
      found,
      needed: 'memory for queues that are full',
      remedy: 'Lower KALSHIFLOW_BUFFER_MB, KALSHIFLOW_CONNECTIONS_MAX or RL_ORDERBOOK_MAX_QUEUE_SIZE, or add memory.',
      figures,
    })
  if (openFiles !== undefined && openFiles < FILES_GOOD)
    return warn({ found, needed: `${FILES_GOOD} open files`, remedy: raise, figures })
  if (memoryBytes < MEMORY_GOOD_BYTES)
    return warn({ found, needed: '1 GiB of memory', remedy: 'Add memory, or record with --no-store.', figures })
  return good(found, figures)
}

const boundBytes = (config: Config): number =>
  boundsOf(config, { restBytes: 15 * 1024 ** 2, hasStore: true, hasBooks: false, api: undefined }).reduce(
    (sum, { bytes }) => sum + bytes,
    0,
  )

/** The soft limit; `unlimited` is none. */
export function openFilesMax(text: string | undefined): number | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(text ?? '')?.[1]
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

function cgroupBytes(): number | undefined {
  const bytes = Number(readText('/sys/fs/cgroup/memory.max') ?? Number.NaN)
  return Number.isFinite(bytes) ? bytes : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const mib = (bytes: number): number => Math.round(bytes / 1024 ** 2)
