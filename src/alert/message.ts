/** What is sent to people: one message for any kind of target, and its plain text. Pure. */
export type Severity = 'critical' | 'warning' | 'info'

export type Message = {
  /** One line; also a mail's subject. */
  readonly title: string
  /** Some lines for people. */
  readonly text: string
  readonly severity: Severity
  /** Facts beside the text, for programs and as a table: short names, short values. */
  readonly fields: Readonly<Record<string, string | number | boolean>>
}

/** Longer texts are cut: no service takes messages of any length. */
export const TITLE_LENGTH_MAX = 150
export const TEXT_LENGTH_MAX = 8_000
const FIELDS_MAX = 20
const FIELD_LENGTH_MAX = 300

/** The message within the limits, title on one line. Whatever it is made of, it can be sent. */
export function bounded({ title, text, severity, fields }: Message): Message {
  const short = Object.entries(fields)
    .slice(0, FIELDS_MAX)
    .map(([name, value]) => [name, typeof value === 'string' ? cut(value, FIELD_LENGTH_MAX) : value])
  return {
    title: cut(title.replaceAll(/\s+/g, ' ').trim(), TITLE_LENGTH_MAX),
    text: cut(text, TEXT_LENGTH_MAX),
    severity,
    fields: Object.fromEntries(short) as Message['fields'],
  }
}

export const plainText = ({ text, fields }: Message): string =>
  [text, ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`)].join('\n')

export const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
