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

/**
 * The cores that this process may be pinned to, by number, at most two; empty where `taskset` is missing (macOS).
 * Two when there are two, so that a sender and a recorder do not share one.
 */
export function coresToPin(): number[] {
  try {
    const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    const cores = allowed.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number) as [number, number?]
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
    const chosen = cores.slice(-2)
    const works = spawnSync('taskset', ['-c', String(chosen.at(-1)), 'true']).status === 0
    return works ? chosen : []
  } catch {
    return []
  }
}
