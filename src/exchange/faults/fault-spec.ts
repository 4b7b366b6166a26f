/**
 * Reads `--faults SPEC`: faults with commas between them, each `NAME[=VALUE][@WHEN][:TARGET…]`. Pure; all that is wrong
 * is said at once, with what was needed.
 */
import { FAULT_KINDS, FAULT_NAMES, type FaultKind, type FaultName, type FaultTarget } from './fault-kinds.ts'
import {
  FROM_THE_START,
  readTarget,
  readValue,
  readWhen,
  type Target,
  VALUE_NEEDED,
  type Value,
  type When,
} from './spec-values.ts'

export type Fault = {
  readonly name: FaultName
  /** As it was written. */
  readonly text: string
  readonly value: Value | undefined
  readonly when: When
  readonly target: Target
}

export type ReadSpec = { readonly faults: readonly Fault[]; readonly wrong: readonly string[] }

const FAULTS_MAX = 50

export function readFaultSpec(spec: string): ReadSpec {
  const texts = spec.split(',').map((text) => text.trim())
  if (texts.length > FAULTS_MAX)
    return { faults: [], wrong: [`faults: ${texts.length} are too many, ${FAULTS_MAX} is the most`] }
  const faults: Fault[] = []
  const wrong: string[] = []
  for (const text of texts) {
    const read = readFault(text)
    if (typeof read === 'object') faults.push(read)
    else wrong.push(`faults: ${read}`)
  }
  return { faults, wrong }
}

/** Time and targets in any order; a second time is part of the first, and wrong there. */
const SHAPE =
  /^(?<name>[a-z0-9-]+)(?:=(?<value>[^@:]+))?(?<before>(?::[^:@]+)*)(?:@(?<when>[^:]+))?(?<after>(?::[^:@]+)*)$/

/** A fault, or what is wrong with it. */
function readFault(text: string): Fault | string {
  const groups = SHAPE.exec(text)?.groups
  if (groups === undefined) return `"${text}" is no fault: needed is NAME=VALUE@WHEN:TARGET, such as drop=1%@10s:trade`
  const { name = '', value: valueText, when: whenText, before = '', after = '' } = groups
  if (!isName(name)) return `"${text}": there is no ${name}; there are ${FAULT_NAMES.join(', ')}`
  const kind: FaultKind = FAULT_KINDS[name]
  const value = valueText === undefined ? undefined : readValue(kind.value, valueText)
  if (valueText !== undefined && value === undefined)
    return `"${text}": ${name} takes ${VALUE_NEEDED[kind.value]}, was ${valueText}`
  const isOptional = kind.value === 'none' || kind.value === 'rate'
  if (value === undefined && !isOptional)
    return `"${text}": ${name} needs ${VALUE_NEEDED[kind.value]}, such as ${kind.example}`
  const when = whenText === undefined ? FROM_THE_START : readWhen(whenText)
  if (typeof when === 'string') return `"${text}": ${when}`
  const misplaced = wrongTime(name, kind, value, when)
  if (misplaced !== undefined) return `"${text}": ${misplaced}`
  const target = readTargets(before + after, kind.targets)
  return typeof target === 'string' ? `"${text}": ${target}` : { name, text, value, when, target }
}

const isName = (name: string): name is FaultName => Object.hasOwn(FAULT_KINDS, name)

/** What is wrong with the time that was given for this fault. */
function wrongTime(name: FaultName, kind: FaultKind, value: Value | undefined, when: When): string | undefined {
  const isWindow = when.untilMs !== Number.POSITIVE_INFINITY
  const isRepeated = when.everyMs !== undefined
  const isRate = kind.when === 'rate_or_moment' && value !== undefined
  const isRefusal = kind.when === 'moment_or_window' && value !== undefined && !isTerminalCode(value.amount)
  if (!when.isGiven) {
    if (kind.when === 'rate_or_moment' && !isRate) return `${name} needs a share of frames (=1%) or a time (@20s)`
    if (kind.when === 'moment' || kind.when === 'moment_or_window')
      return `${name} needs a time, such as ${kind.example}`
    return undefined
  }
  if (isWindow && !(isRate || isRefusal || kind.when === 'window')) return `${name} happens at a moment: it has no end`
  if (isRepeated && (isRate || kind.when === 'window')) return `${name} goes on by itself: @FROM-UNTIL, without +`
  if (isRepeated && kind.value === 'duration' && when.everyMs! <= value!.amount)
    return `${name} would begin again before it has ended`
  return undefined
}

/** 10 and 25 end a subscription; the other codes answer commands (docs.kalshi.com/asyncapi.yaml, read 2026-11). */
export const isTerminalCode = (code: number): boolean => code === 10 || code === 25

function readTargets(text: string, allowed: readonly FaultTarget[]): Target | string {
  let all: Target = {}
  for (const part of text.split(':').slice(1)) {
    const target = readTarget(part)
    if (target === undefined) return `:${part} is no target: a connection’s number, a channel or a market’s ticker`
    const [kind] = Object.keys(target) as FaultTarget[]
    if (!allowed.includes(kind!))
      return `:${part} is a ${kind}, and ${allowed.length === 0 ? 'nothing can be named here' : `only ${allowed.join(', ')} can be named here`}`
    if (kind! in all) return `:${part} is the second ${kind}`
    all = { ...all, ...target }
  }
  return all
}
