/**
 * Tickers as small integers, found from bytes without making a string: what lets a delta reach its book without
 * allocation. Open addressing over FNV-1a; a ticker keeps its number until it is removed, and numbers are used again.
 *
 * Holds only tickers of printable ASCII; any other is answered with -1 and takes the plain decoder's way by name.
 */
export class TickerTable {
  #slots = new Int32Array(1024)
  #occupied = 0
  readonly #names: (string | undefined)[] = []
  readonly #bytes: Uint8Array[] = []
  readonly #free: number[] = []
  readonly #byName = new Map<string, number>()

  /** Tickers held now. */
  get size(): number {
    return this.#byName.size
  }

  /** The number of the ticker in `bytes[start, end)`, whose hash the caller has from {@link hashByte}; -1 when not held. */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot]!
      if (held === EMPTY) return -1
      if (held === REMOVED) continue
      const candidate = this.#bytes[held - 1]!
      if (candidate.length === end - start && sameBytes(candidate, bytes, start)) return held - 1
    }
  }

  /** The number of a ticker, -1 when not held. */
  numberOf(ticker: string): number {
    return this.#byName.get(ticker) ?? -1
  }

  /** The ticker of a number given out by {@link add}. */
  name(number: number): string {
    return this.#names[number]!
  }

  /** Gives the ticker a number, the one it has when it is held. */
  add(ticker: string): number {
    const held = this.#byName.get(ticker)
    if (held !== undefined) return held
    const number = this.#free.pop() ?? this.#names.length
    this.#names[number] = ticker
    this.#bytes[number] = encode(ticker)
    this.#byName.set(ticker, number)
    if (isPlain(ticker)) {
      if ((this.#occupied + 1) * 2 > this.#slots.length) this.#rebuild()
      else this.#place(number)
    }
    return number
  }

  remove(ticker: string): void {
    const number = this.#byName.get(ticker)
    if (number === undefined) return
    this.#byName.delete(ticker)
    const slot = this.#slots.indexOf(number + 1)
    if (slot >= 0) this.#slots[slot] = REMOVED
    this.#names[number] = undefined
    this.#free.push(number)
  }

  #place(number: number): void {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#bytes[number]!) & mask
    while (this.#slots[slot] !== EMPTY && this.#slots[slot] !== REMOVED) slot = (slot + 1) & mask
    if (this.#slots[slot] === EMPTY) this.#occupied++
    this.#slots[slot] = number + 1
  }

  #rebuild(): void {
    let length = 1024
    while (length < this.#byName.size * 4) length *= 2
    this.#slots = new Int32Array(length)
    this.#occupied = 0
    for (const [ticker, number] of this.#byName) if (isPlain(ticker)) this.#place(number)
  }
}

/** FNV-1a, one byte at a time, so that a scanner can hash while it looks for the closing quote. */
export const HASH_START = 0x811c9dc5 | 0
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)

const EMPTY = 0
const REMOVED = -1

const isPlain = (ticker: string): boolean => /^[\x20-\x7e]+$/.test(ticker)

const encode = (ticker: string): Uint8Array => Uint8Array.from(ticker, (each) => each.charCodeAt(0) & 0xff)

function hashOf(bytes: Uint8Array): number {
  let hash = HASH_START
  for (const byte of bytes) hash = hashByte(hash, byte)
  return hash
}

function sameBytes(held: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < held.length; index++) if (held[index] !== bytes[start + index]) return false
  return true
}
