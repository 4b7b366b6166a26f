/**
 * What a person changes of the rules, in one line: `books_in_doubt.hold=5m, message_age.limit=3s, store_behind=off`. Pure.
 * A name that is none and a value that is none are faults, not passed over: an alarm that was meant must not be missing.
 */
import { NEEDED, readQuantity, writeQuantity } from './quantity.ts'
import type { Rule } from './rule.ts'
import { DEFAULT_RULES, LIFE_EVENTS } from './rules.ts'

export type RuleSet = {
  readonly rules: readonly Rule[]
  /** Names that were turned off, of rules and of events. */
  readonly off: readonly string[]
}

export class RuleFault extends Error {
  override readonly name = 'RuleFault'
  readonly code = 'FLOW_ALERT_RULES'
}

/** The rules as changed; an empty text changes nothing. Throws {@link RuleFault}. */
export function changeRules(text: string, rules: readonly Rule[] = DEFAULT_RULES): RuleSet {
  const changed = new Map(rules.map((rule) => [rule.name, rule]))
  const off = new Set<string>()
  for (const each of text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const [what = '', value = ''] = each.split('=').map((part) => part.trim())
    const [name = '', part = ''] = what.split('.')
    const rule = changed.get(name)
    if (rule === undefined && !Object.hasOwn(LIFE_EVENTS, name)) {
      const names = [...changed.keys(), ...Object.keys(LIFE_EVENTS)].join(', ')
      throw new RuleFault(`found the alarm ${JSON.stringify(name)}, needed one of ${names}`)
    }
    if (part === '' && value === 'off') off.add(name)
    else if (part === '' && value === 'on') off.delete(name)
    else if (rule !== undefined) changed.set(name, changeOne(rule, part, value))
    else throw new RuleFault(`found ${each}, needed ${name}=on or ${name}=off`)
  }
  return { rules: [...changed.values()].filter(({ name }) => !off.has(name)), off: [...off] }
}

function changeOne(rule: Rule, part: string, value: string): Rule {
  const unit = part === 'limit' ? rule.limit?.unit : part === 'hold' || part === 'clear' ? 'ms' : undefined
  if (unit === undefined) {
    const parts = rule.limit === undefined ? 'hold, clear' : 'hold, clear, limit'
    throw new RuleFault(
      `found ${rule.name}.${part || '?'}, needed ${rule.name}=off, or one of ${parts} as ${rule.name}.hold=5m`,
    )
  }
  const read = readQuantity(value, unit)
  if (read === undefined)
    throw new RuleFault(`found ${rule.name}.${part}=${value.slice(0, 40)}, needed ${NEEDED[unit]}`)
  if (part === 'hold') return { ...rule, holdMs: read }
  if (part === 'clear') return { ...rule, clearMs: read }
  return { ...rule, limit: { value: read, unit } }
}

/** A rule's figures as one would write them: for lists. */
export const figuresOf = ({ holdMs, clearMs, limit }: Rule) => ({
  hold: writeQuantity(holdMs, 'ms'),
  clear: writeQuantity(clearMs, 'ms'),
  limit: limit === undefined ? '' : writeQuantity(limit.value, limit.unit),
})
