/** UUIDs of trades: half of each follows from seed and start, so runs differ; the other half counts, so no two in a run meet. */
import { createHash } from 'node:crypto'

const WORD = 4_294_967_296

export class TradeIds {
  readonly #run: string
  readonly #mask: number
  #count = 0

  constructor(seed: number, startUnixMs: number) {
    const hex = createHash('sha256').update(`trades ${seed} ${startUnixMs}`).digest('hex')
    this.#run = hex
    this.#mask = Number.parseInt(hex.slice(20, 28), 16) | 0
  }

  /** A UUID (version 8, RFC 9562). */
  next(): string {
    const low = this.#count % WORD
    const high = Math.floor(this.#count / WORD)
    this.#count++
    // Odd factors and exclusive-or are one to one in 32 bits, so different counts stay different.
    const mixed = (Math.imul(low, 0x9e3779b1) ^ this.#mask) >>> 0
    const run = this.#run
    return `${mixed.toString(16).padStart(8, '0')}-${run.slice(0, 4)}-8${run.slice(4, 7)}-a${run.slice(7, 10)}-${run.slice(10, 18)}${high.toString(16).padStart(4, '0')}`
  }
}
