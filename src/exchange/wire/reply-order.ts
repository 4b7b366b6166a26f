/**
 * In which order a client's commands are carried out: as they came, or out of order as a busy exchange may do it.
 *
 * Two ways: by hand, the next so many together and the last one first; or by chance, a command waits for the one after
 * it, at most {@link HELD_MS_MAX}.
 */
const HELD_MS_MAX = 50

export class ReplyOrder {
  readonly #carryOut: (text: string) => void
  readonly #swapRate: number
  readonly #unit: () => number
  #collected: string[] = []
  #collecting = 0
  #held: string | undefined
  #timer: NodeJS.Timeout | undefined

  /** `swapRate` is the chance, 0 … 1, that a command is carried out after the next one. */
  constructor(carryOut: (text: string) => void, swapRate: number, unit: () => number) {
    this.#carryOut = carryOut
    this.#swapRate = swapRate
    this.#unit = unit
  }

  /** The next `count` commands are carried out together, the last one first. */
  reverse(count: number): void {
    this.#collecting = count
  }

  receive(text: string): void {
    if (this.#collecting > 0) {
      this.#collected.push(text)
      if (this.#collected.length < this.#collecting) return
      const reversed = this.#collected.reverse()
      this.#collected = []
      this.#collecting = 0
      for (const each of reversed) this.#carryOut(each)
      return
    }
    if (this.#held !== undefined) {
      this.#carryOut(text)
      this.#letGo()
    } else if (this.#swapRate > 0 && this.#unit() < this.#swapRate) {
      this.#held = text
      this.#timer = setTimeout(() => this.#letGo(), HELD_MS_MAX)
    } else this.#carryOut(text)
  }

  /** Nothing more is carried out. */
  end(): void {
    clearTimeout(this.#timer)
    this.#held = undefined
    this.#collected = []
  }

  #letGo(): void {
    clearTimeout(this.#timer)
    const text = this.#held
    this.#held = undefined
    if (text !== undefined) this.#carryOut(text)
  }
}
