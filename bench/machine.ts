/** The machine that a figure belongs to: without it a figure means nothing. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly kernel: string
  /** Load average of the last minute before the run: above 0 somebody else was at work. */
  readonly load: number
}

export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    kernel: `${type()} ${release()}`,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

/** Ms of work of all cores since the machine started, by whatever program; the kernel counts in steps of 10 ms. */
export const busyMs = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)

export const printMachine = ({ cpu, cores, memoryGiB, node, kernel, load }: Machine): string =>
  `machine  ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, Node ${node}, load ${load} at the start`

/** The core that a part can be pinned to, the last that this process may use; `undefined` without `taskset` (macOS). */
export function coreToPin(): number | undefined {
  try {
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    const core = Number(/\d+$/.exec(allowed)?.[0])
    return spawnSync('taskset', ['-c', String(core), 'true']).status === 0 ? core : undefined
  } catch {
    return undefined
  }
}
