/**
 * A value that must not be seen: a private key, a database address with its password.
 *
 * However it is printed (a template, JSON, `console.log`, a log line, an error's message) it says `‹secret›`. The one way
 * to the value is {@link Secret.reveal}, which is easy to search for.
 */
export const MASK = '‹secret›'

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Hand it straight to what needs it; never put it into a message. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  [Symbol.toPrimitive](): string {
    return MASK
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return MASK
  }
}
