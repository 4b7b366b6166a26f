/** Chance for the simulated world: one stream from one seed (sfc32, whose period no run reaches), and the shapes drawn from it. */
export class Chance {
  #a: number
  #b: number
  #c: number
  #counter = 1
  #spareNormal: number | undefined

  constructor(seed: number, stream = 0) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 4_294_967_296) | 0
    this.#c = stream | 0
    // The first draws of near seeds resemble each other.
    for (let index = 0; index < 16; index++) this.unit()
  }

  /** In [0, 1). */
  unit(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return (sum >>> 0) / 4_294_967_296
  }

  is(probability: number): boolean {
    return this.unit() < probability
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit()
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1))
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.unit() * choices.length)] as T
  }

  /** Mean 0, variance 1. */
  normal(): number {
    const spare = this.#spareNormal
    if (spare !== undefined) {
      this.#spareNormal = undefined
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()))
    const angle = 2 * Math.PI * this.unit()
    this.#spareNormal = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal())
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit())
  }
}
