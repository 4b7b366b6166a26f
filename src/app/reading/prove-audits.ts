/**
 * The recorder's own verdicts beside those of a fold that read the same frames: whether each audit that the journal tells
 * of is found again, with the same result. Across damage, and at the end of a run that died, nothing is expected.
 */
import type { AuditBody } from '#domain'
import type { Audited, Market } from '#feed'

export class AuditProof {
  readonly #faults: string[]
  /** What the frames make of this run, and nobody has told yet. */
  readonly #found = new Map<string, Pick<AuditBody, 'market' | 'seq' | 'result' | 'levelsWrong'>>()
  #isWhole = true
  /** Audits that both tell alike. */
  agreed = 0

  constructor(faults: string[]) {
    this.#faults = faults
  }

  /** The frames settle an audit. */
  found({ ticker: market }: Market, { connection, sid, seq, result, levelsWrong }: Audited): void {
    this.#found.set(keyOf(connection, sid, seq), { market, seq, result, levelsWrong })
  }

  /** The journal tells of one. */
  told(connection: number, { market, sid, seq, result, levelsWrong }: AuditBody): void {
    const key = keyOf(connection, sid, seq)
    const found = this.#found.get(key)
    this.#found.delete(key)
    if (found?.result === result && found.levelsWrong === levelsWrong && found.market === market) this.agreed++
    else if (found !== undefined || this.#isWhole)
      this.#faults.push(
        `the recorder says that its audit of ${market} at seq ${seq} ${tell({ result, levelsWrong })}, and its frames say that ${found === undefined ? 'there was none' : `it ${tell(found)}`}`,
      )
  }

  damaged(): void {
    this.#isWhole = false
    this.#found.clear()
  }

  runBegan(): void {
    this.#isWhole = true
    this.#found.clear()
  }

  /** The run has written down everything that it knew. */
  runStopped(): void {
    for (const { market, seq } of this.#isWhole ? this.#found.values() : [])
      this.#faults.push(`the frames settle an audit of ${market} at seq ${seq}, and the recorder does not tell of it`)
    this.#found.clear()
  }
}

const keyOf = (connection: number, sid: number, seq: number): string => `${connection}:${sid}:${seq}`

const tell = ({ result, levelsWrong }: Pick<AuditBody, 'result' | 'levelsWrong'>): string =>
  result === 'matched' ? 'matched' : `was ${result === 'offset' ? 'an offset' : 'a mismatch'} of ${levelsWrong} levels`
