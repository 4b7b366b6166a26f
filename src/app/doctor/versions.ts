/** The program, its Node and the system under it. */
import { existsSync } from 'node:fs'
import { release } from 'node:os'
import { VERSION } from '../version.ts'
import { bad, type Check, good, warn } from './check.ts'

const NODE_MAJOR_MIN = 24

export const versions: Check = {
  name: 'versions',
  limitMs: 1_000,
  look: () => judgeVersions(thisMachine()),
}

export type Machine = {
  readonly node: string
  readonly platform: string
  readonly architecture: string
  readonly release: string
  /** `undefined` where the C library is not glibc. */
  readonly glibc: string | undefined
  readonly isWsl: boolean
}

function thisMachine(): Machine {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined
  return {
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
    release: release(),
    glibc: report?.header?.glibcVersionRuntime,
    isWsl: existsSync('/proc/sys/fs/binfmt_misc/WSLInterop'),
  }
}

export function judgeVersions(machine: Machine) {
  const { node, platform, architecture, glibc } = machine
  const library = platform !== 'linux' ? '' : glibc === undefined ? ', no glibc (musl)' : `, glibc ${glibc}`
  const where = machine.isWsl ? ' in WSL' : ''
  const found = `kalshiflow ${VERSION}, Node ${node}, ${platform} ${machine.release} ${architecture}${library}${where}`
  const figures = { version: VERSION, node, platform, architecture, release: machine.release, glibc: glibc ?? null }
  if (Number(node.split('.')[0]) < NODE_MAJOR_MIN) {
    const remedy =
      platform === 'darwin' && architecture === 'arm64'
        ? 'Install Node 24 yourself (brew install node@24): no package brings it along on Apple silicon.'
        : 'Run `npm ci` without --omit=optional, which brings Node 24 along, or install it.'
    return bad({ found, needed: `Node ${NODE_MAJOR_MIN} or newer`, remedy, figures })
  }
  if (platform === 'win32') {
    const remedy = 'Run it in WSL2, with the data folder on its own disk.'
    return bad({ found, needed: 'Linux, macOS or WSL2', remedy, figures })
  }
  if (platform === 'linux' && glibc === undefined) {
    const remedy = 'Set DATABASE_URL to a PostgreSQL 15 or newer: the embedded server needs glibc.'
    return warn({ found, needed: 'glibc for the embedded PostgreSQL', remedy, figures })
  }
  return good(found, figures)
}
