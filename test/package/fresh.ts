/** Fresh copies of the project for the tests of what is installed: a clone of HEAD, and environments without our own tools. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

export const aFolder = (name: string): string => realpathSync(mkdtempSync(join(tmpdir(), `kalshiflow-${name}-`)))

/** A clone of HEAD: what a newcomer gets, without what is not committed. */
export function cloneHead(into: string): string {
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, into], { stdio: 'pipe' })
  return into
}

/** The environment of a shell that never heard of this checkout: no npm variables, none of our settings, no tools of ours in the path. */
export function plainEnvironment(firstInPath?: string): NodeJS.ProcessEnv {
  const ours = /^(npm_(?!config_)|NODE_(OPTIONS|ENV|PATH)$|VITEST|KALSHI|RL_|INIT_CWD)/i
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name))
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return {
    ...Object.fromEntries(kept),
    PATH: [...(firstInPath === undefined ? [] : [firstInPath]), ...path].join(delimiter),
  }
}

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** Runs to the end; at most two minutes. */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 120_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { code: status, out: stdout ?? '', err: (stderr ?? '') + (error === undefined ? '' : String(error)) }
}

/** A Node that is not the one of this checkout, or `undefined`. */
export function systemNode(): string | undefined {
  const folders = plainEnvironment()['PATH']!.split(delimiter)
  const found = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file))
  return found === undefined ? undefined : realpathSync(found)
}

/** The folder of the Node 24 that this checkout runs on. */
export const bundledNodeFolder = (): string => dirname(process.execPath)
