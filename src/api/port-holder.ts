/**
 * Which process listens on a port, as far as Linux shows it: the socket's number from /proc/net, its holder from the open
 * files of the processes that we may look at. Elsewhere, and for other people's processes, nobody is named.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export type PortHolder = { readonly pid: number; readonly program: string }

const LISTENING = '0A'
/** Processes looked at; a machine with more is not searched to its end. */
const PROCESSES_MAX = 20_000

/** `undefined` when it cannot be seen. */
export function findPortHolder(port: number): PortHolder | undefined {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningSockets(table, port)))
  if (sockets.size === 0) return undefined
  for (const pid of numbersIn('/proc').slice(0, PROCESSES_MAX)) {
    const holds = numbersIn(`/proc/${pid}/fd`).some((file) => sockets.has(linkOf(`/proc/${pid}/fd/${file}`)))
    if (holds) return { pid, program: programOf(pid) }
  }
  return undefined
}

/** `port 8001 is taken by node (process 4711)`, or without the holder. */
export function tellPortHolder(port: number): string {
  const holder = findPortHolder(port)
  if (holder === undefined) return `port ${port} is taken by another program`
  const isOurs = holder.pid === process.pid ? ', this very process' : ''
  return `port ${port} is taken by ${holder.program} (process ${holder.pid}${isOurs})`
}

/** Lines of /proc/net/tcp: number, local address:port in hexadecimal, remote, state, …, the socket's number tenth. */
function listeningSockets(table: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return textOf(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(wanted) === true && state === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`)
}

function programOf(pid: number): string {
  const words = textOf(`/proc/${pid}/cmdline`).split('\0').filter(Boolean).slice(0, 3).join(' ')
  return (words === '' ? textOf(`/proc/${pid}/comm`).trim() : words).slice(0, 120) || 'a program'
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
