/**
 * The alarms as a whole: signals and the time go in, seldom a message comes out. Pure.
 *
 * What changes within some seconds is one message, so that a storm is one; the next comes no sooner than a minute later. While
 * anything fires it is told again every few hours. An alarm that came and went before it could be told is told as that.
 */
import type { Message, Severity } from './message.ts'
import { tellTime } from './quantity.ts'
import type { Rule } from './rule.ts'
import { RuleState, type Transition } from './rule-state.ts'
import type { Signals } from './signals.ts'

export type EngineLimits = {
  /** How long a first change waits for others. */
  readonly groupMs: number
  /** Between two messages. */
  readonly messageMsMin: number
  /** Between two messages about alarms that go on. */
  readonly repeatMs: number
}

export const ENGINE_LIMITS: EngineLimits = { groupMs: 5_000, messageMsMin: 60_000, repeatMs: 4 * 3_600_000 }
/** Changes kept for one message; those of one alarm are one. */
const CHANGES_MAX = 200

export class AlertEngine {
  readonly #states: readonly RuleState[]
  readonly #limits: EngineLimits
  #changes: Transition[] = []
  #changedMs = 0
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(rules: readonly Rule[], limits: Partial<EngineLimits> = {}) {
    this.#states = rules.map((rule) => new RuleState(rule))
    this.#limits = { ...ENGINE_LIMITS, ...limits }
  }

  /** Names of the alarms that fire, in the rules' order. */
  get firing(): string[] {
    return this.#firing().map(({ rule }) => rule.name)
  }

  /** To be called about once a second. Answers what is to be told now. */
  look(signals: Signals, nowMs: number): Message | undefined {
    for (const state of this.#states) {
      const change = state.look(signals, nowMs)
      if (change === undefined) continue
      if (this.#changes.length === 0) this.#changedMs = nowMs
      if (this.#changes.length < CHANGES_MAX) this.#changes.push(change)
    }
    const { groupMs, messageMsMin, repeatMs } = this.#limits
    const sinceTold = nowMs - this.#toldMs
    if (this.#changes.length > 0) {
      if (nowMs - this.#changedMs < groupMs || sinceTold < messageMsMin) return undefined
      return this.#tell(nowMs)
    }
    return this.#firing().length > 0 && sinceTold >= repeatMs ? this.#tell(nowMs) : undefined
  }

  #tell(nowMs: number): Message {
    const changes = this.#changes
    this.#changes = []
    this.#toldMs = nowMs
    const last = new Map(changes.map((each) => [each.rule.name, each]))
    const fired = [...last.values()].filter(({ kind }) => kind === 'fired')
    const cleared = [...last.values()].filter(({ kind }) => kind === 'cleared')
    const news = new Set(fired.map(({ rule }) => rule.name))
    const ongoing = this.#firing().filter(({ rule }) => !news.has(rule.name))
    return {
      title: titleOf(fired, cleared, ongoing),
      severity: severityOf(fired, cleared, ongoing),
      text: [
        ...fired.map(
          ({ rule, text }) => `FIRING ${rule.name} (${rule.severity}): ${text}\n  ${rule.about}\n  Do: ${rule.todo}`,
        ),
        ...cleared.map(({ rule, text, forMs }) => `CLEARED ${rule.name} after ${tellTime(forMs)}; it was: ${text}`),
        ...ongoing.map(
          ({ rule, text, firedMs = nowMs }) => `STILL ${rule.name} for ${tellTime(nowMs - firedMs)}: ${text}`,
        ),
      ].join('\n'),
      fields: {
        firing: this.firing.join(', ') || 'none',
        ...(fired.length > 0 ? { fired: fired.map(({ rule }) => rule.name).join(', ') } : {}),
        ...(cleared.length > 0 ? { cleared: cleared.map(({ rule }) => rule.name).join(', ') } : {}),
      },
    }
  }

  #firing(): RuleState[] {
    return this.#states.filter(({ firedMs }) => firedMs !== undefined)
  }
}

function titleOf(fired: readonly Transition[], cleared: readonly Transition[], ongoing: readonly RuleState[]): string {
  if (fired.length === 1) return `${fired[0]!.rule.name}: ${fired[0]!.text}`
  if (fired.length > 1) return `${fired.length} alarms: ${fired.map(({ rule }) => rule.name).join(', ')}`
  if (cleared.length > 0) {
    const names = cleared.map(({ rule }) => rule.name).join(', ')
    return ongoing.length === 0 ? `all clear: ${names}` : `cleared: ${names}; ${ongoing.length} still firing`
  }
  return `still firing: ${ongoing.map(({ rule }) => rule.name).join(', ')}`
}

function severityOf(
  fired: readonly Transition[],
  cleared: readonly Transition[],
  ongoing: readonly RuleState[],
): Severity {
  const told = fired.length > 0 ? fired : cleared.length > 0 ? [] : ongoing
  if (told.some(({ rule }) => rule.severity === 'critical')) return 'critical'
  return told.length > 0 ? 'warning' : 'info'
}
