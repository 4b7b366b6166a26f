/**
 * A `.env` file's text, read by Node's own parser, and its lines that are none, which that parser passes over in silence.
 *
 * A line is told by its number alone: the usual broken line is the middle of a private key.
 */
import { parseEnv } from 'node:util'
import type { ConfigFault } from './config-error.ts'

export type Dotenv = {
  readonly values: Readonly<Record<string, string | undefined>>
  readonly faults: readonly ConfigFault[]
}

const FAULTS_MAX = 10
const ASSIGNMENT = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=[ \t]*/

/** Values by name, the last of a repeated name; faults for at most ten broken lines. `file` is how the file is named to people. */
export function parseDotenv(text: string, file: string): Dotenv {
  if (text.includes('\0') || text.includes('\uFFFD')) {
    const remedy = 'Save it as UTF-8; PowerShell writes UTF-16 unless told.'
    return { values: {}, faults: [{ name: file, found: 'bytes that are not UTF-8', needed: 'text', remedy }] }
  }
  const plain = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  return { values: parseEnv(plain), faults: [...brokenLines(plain, file)].slice(0, FAULTS_MAX) }
}

function* brokenLines(text: string, file: string): Generator<ConfigFault> {
  let at = 0
  let line = 1
  while (at < text.length) {
    let end = lineEnd(text, at)
    const content = text.slice(at, end)
    const start = ASSIGNMENT.exec(content)?.[0]
    if (start !== undefined) {
      const quote = content[start.length]
      if (quote === '"' || quote === "'" || quote === '`') {
        const close = text.indexOf(quote, at + start.length + 1)
        if (close < 0) {
          const remedy = 'Close the quote at the end of the value.'
          yield {
            name: `${file} line ${line}`,
            found: `an opening ${quote} without its end`,
            needed: 'a closed quote',
            remedy,
          }
        } else {
          end = lineEnd(text, close)
        }
      }
    } else if (content.trim() !== '' && !content.trimStart().startsWith('#')) {
      const remedy = 'Correct or remove it; a value over several lines, such as a private key, stands in double quotes.'
      yield {
        name: `${file} line ${line}`,
        found: 'text that is not NAME=value',
        needed: 'NAME=value, # comment or an empty line',
        remedy,
      }
    }
    for (let index = at; index <= end && index < text.length; index++) if (text[index] === '\n') line++
    at = end + 1
  }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}
