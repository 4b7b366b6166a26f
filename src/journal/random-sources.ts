/** Chance: the system's, which cannot be guessed, and a seeded one for simulations, whose run can be told by its seed. */
import { randomBytes } from 'node:crypto'
import type { Random } from '#ports'

export const SYSTEM_RANDOM: Random = {
  unit: () => randomBytes(4).readUInt32LE(0) / 2 ** 32,
  bytes: (length) => randomBytes(length),
}

/** mulberry32: 32 bits of state, a period of 2^32, good enough to choose faults and never for secrets. */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.unit() * 256))
  }

  /** A whole number from 0 to `below` − 1. */
  below(below: number): number {
    return Math.floor(this.unit() * below)
  }
}
