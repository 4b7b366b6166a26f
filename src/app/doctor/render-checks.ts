/** Findings as text for a terminal of 80 columns: what is good in one line, what is not with what was needed and what to do. */
import type { CheckState } from './check.ts'
import type { Checked } from './run-checks.ts'

const COLUMNS = 80
const STATE_WIDTH = 8
const NAME_WIDTH = 14
const INDENT = STATE_WIDTH + NAME_WIDTH
const COLOURS: Readonly<Record<CheckState, number>> = { good: 32, warn: 33, bad: 31, skipped: 90 }

export function renderChecks(checked: readonly Checked[], colour: boolean): string {
  const paint = (state: CheckState, text: string) => (colour ? `\u001b[${COLOURS[state]}m${text}\u001b[0m` : text)
  const lines: string[] = []
  for (const { state, name, found, needed, remedy } of checked) {
    const word = state === 'bad' ? 'BAD' : state === 'warn' ? 'WARN' : state === 'skipped' ? '-' : 'good'
    const [first = '', ...rest] = wrap(found, COLUMNS - INDENT)
    lines.push(`${paint(state, word.padEnd(STATE_WIDTH))}${name.padEnd(NAME_WIDTH)}${first}`)
    lines.push(...rest.map(indented))
    if (needed !== undefined) lines.push(...wrapLabelled('needed: ', needed))
    if (remedy !== undefined) lines.push(...wrapLabelled('do: ', remedy))
  }
  return `${lines.join('\n')}\n\n${sumUp(checked)}`
}

export function sumUp(checked: readonly Checked[]): string {
  const count = (state: CheckState) => checked.filter((each) => each.state === state).length
  const [isBad, isWarn, isGood, isSkipped] = [count('bad'), count('warn'), count('good'), count('skipped')]
  const verdict = isBad > 0 ? 'Not ready.' : isWarn > 0 ? 'Ready, with remarks.' : 'Ready.'
  return `${verdict} ${isGood} good, ${isWarn} to look at, ${isBad} bad, ${isSkipped} skipped.`
}

const indented = (text: string): string => ' '.repeat(INDENT) + text

const wrapLabelled = (label: string, text: string): string[] =>
  wrap(text, COLUMNS - INDENT - label.length).map((line, index) =>
    indented((index === 0 ? label : ' '.repeat(label.length)) + line),
  )

/** Lines of at most so many characters, broken between words where there are any. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      for (let rest = word; ; ) {
        const joined = line === '' ? rest : `${line} ${rest}`
        if (joined.length <= width) {
          line = joined
          break
        }
        if (line !== '') {
          lines.push(line)
          line = ''
        } else {
          lines.push(rest.slice(0, width))
          rest = rest.slice(width)
        }
      }
    }
    return [...lines, line]
  })
}
