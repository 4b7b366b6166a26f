/**
 * Carries out a Dockerfile without an engine: each stage is a plain folder, WORKDIR and COPY stay inside it, RUN runs as it
 * stands with the stage's environment. What only an engine can do (base images, users, other platforms) is left to one.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { plainEnvironment, run } from '../package/fresh.ts'

export type Instruction = { readonly name: string; readonly rest: string }

export type Image = {
  readonly workFolder: string
  readonly environment: NodeJS.ProcessEnv
  /** ENTRYPOINT and CMD together. */
  readonly command: readonly string[]
  readonly healthCommand: readonly string[]
  readonly user: string | undefined
  readonly volumes: readonly string[]
}

/** Left to an engine: it has the user of the base image. */
const STAND_INS = { chown: '#!/bin/sh\nexit 0\n' }

/** The instructions, comments left out and continued lines joined. */
export function parseDockerfile(text: string): Instruction[] {
  const joined = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '')
  return joined
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line)!
      return { name: name!, rest: rest! }
    })
}

/** The files that reach the engine, as an allow-list of `.dockerignore` says: `*`, then `!name` for each. */
export function makeContext(source: string, into: string): string {
  const lines = readFileSync(join(source, '.dockerignore'), 'utf8').split('\n')
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'))
  if (rules[0] !== '*') throw new Error('.dockerignore is no allow-list any more: its first line is not *')
  const suffixes = rules.filter((rule) => rule.startsWith('**/*')).map((rule) => rule.slice('**/*'.length))
  for (const rule of rules.filter((each) => each.startsWith('!'))) {
    const name = rule.slice(1)
    cpSync(join(source, name), join(into, name), {
      recursive: true,
      filter: (file) => !suffixes.some((suffix) => file.endsWith(suffix)),
    })
  }
  return into
}

/** Builds the last stage below `folder`. Throws at an instruction that is not known or a command that fails. */
export function build(
  instructions: readonly Instruction[],
  context: string,
  folder: string,
  nodeFolder: string,
): Image {
  const standIns = join(folder, 'stand-ins')
  mkdirSync(standIns, { recursive: true })
  for (const [name, script] of Object.entries(STAND_INS)) writeFileSync(join(standIns, name), script, { mode: 0o755 })
  const base = plainEnvironment([standIns, nodeFolder].join(delimiter))
  const stages = new Map<string, string>()
  let [root, workFolder, environment] = ['', '', base]
  let [entry, command, healthCommand]: [string[], string[], string[]] = [[], [], []]
  let user: string | undefined
  let volumes: string[] = []
  for (const { name, rest } of instructions) {
    if (name === 'FROM') {
      root = join(folder, `stage-${stages.size}`)
      stages.set(/ AS (\w+)$/.exec(rest)?.[1] ?? '', root)
      mkdirSync(root)
      ;[workFolder, environment, user, volumes] = [root, base, undefined, []]
    } else if (name === 'WORKDIR') {
      workFolder = join(root, rest)
      mkdirSync(workFolder, { recursive: true })
    } else if (name === 'ENV') {
      const pairs = rest.split(' ').map((pair) => pair.split('=') as [string, string])
      environment = { ...environment, ...Object.fromEntries(pairs) }
    } else if (name === 'COPY') copy(rest, workFolder, context, stages)
    else if (name === 'RUN') {
      const { code, out, err } = run('/bin/sh', ['-c', rest], workFolder, environment)
      if (code !== 0) throw new Error(`RUN ${rest} ended with ${code}:\n${out.slice(-2000)}${err.slice(-2000)}`)
      // npm warns of engines that do not fit.
      if (/EBADENGINE/.test(err)) throw new Error(`RUN ${rest} warned:\n${err}`)
    } else if (name === 'USER') user = rest
    else if (name === 'VOLUME') volumes = [...volumes, join(root, rest)]
    else if (name === 'HEALTHCHECK') healthCommand = JSON.parse(/CMD (\[.*\])$/.exec(rest)![1]!)
    else if (name === 'ENTRYPOINT') entry = JSON.parse(rest)
    else if (name === 'CMD') command = JSON.parse(rest)
    else if (name !== 'EXPOSE' && name !== 'STOPSIGNAL') throw new Error(`${name} is not known here`)
  }
  rmSync(stages.get('build') ?? '', { recursive: true, force: true })
  return { workFolder, environment, command: [...entry, ...command], healthCommand, user, volumes }
}

/** As an engine copies: files into the target, of a folder its content. */
function copy(rest: string, workFolder: string, context: string, stages: ReadonlyMap<string, string>): void {
  const words = rest.split(' ')
  const from = words[0]!.startsWith('--from=') ? stages.get(words.shift()!.slice('--from='.length)) : context
  if (from === undefined) throw new Error(`COPY ${rest}: no such stage`)
  const target = join(workFolder, words.pop()!)
  for (const word of words) {
    const source = join(from, word)
    const isFolder = statSync(source).isDirectory()
    cpSync(source, isFolder || words.length === 1 ? target : join(target, basename(word)), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
}
