/**
 * The second net: masks what looks like a secret in a finished log line. The first is never to log one (src/app/config/secret.ts).
 *
 * It works on the line, so that it reaches whatever brought the value in: a field at any depth, an error's message, a
 * stack. Private keys are known by their PEM frame, passwords in addresses by their place, others by the field's name.
 */
import { MASK } from '../config/secret.ts'

const PEM = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g
const ADDRESS = /(:\/\/[^\s/:@]{0,200}):[^\s/@]{1,500}@/g
const FIELD = /authorization|cookie|password|passphrase|secret|token|signature|private[-_]?key|access-key|api[-_]?key/i
/** Names that {@link FIELD} takes for a secret and that are none: `tokensLeft`, `privateKeyPath`. */
const HARMLESS = /tokens|path$/i
/** Whether a line is worth a closer look; almost none is. */
const SUSPECT = new RegExp(`${FIELD.source}|PRIVATE KEY|://[^\\s/]{0,800}@`, 'i')

/** The line with everything masked that looks like a secret; JSON stays JSON. */
export function redactLine(line: string): string {
  if (!SUSPECT.test(line)) return line
  try {
    return `${JSON.stringify(JSON.parse(line, redactField))}\n`
  } catch {
    return redactText(line)
  }
}

function redactField(name: string, value: unknown): unknown {
  if (FIELD.test(name) && !HARMLESS.test(name)) return MASK
  return typeof value === 'string' ? redactText(value) : value
}

const redactText = (text: string): string => text.replace(PEM, MASK).replace(ADDRESS, `$1:${MASK}@`)
