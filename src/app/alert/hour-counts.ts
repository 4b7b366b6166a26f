/**
 * How much counters that only grow have grown in the last hour, to the minute. A counter that falls began anew (a thread that
 * was restarted): what it shows then is new. Pure over the time handed in.
 */
const HOUR_MS = 3_600_000
const STEP_MS = 60_000

export class HourCounts<Name extends string> {
  readonly #names: readonly Name[]
  #last: Readonly<Record<Name, number>> | undefined
  /** One for each minute of the last hour in which anything grew. */
  #steps: { readonly sinceMs: number; readonly grown: Record<Name, number> }[] = []

  constructor(names: readonly Name[]) {
    this.#names = names
  }

  /** The growth of the last hour. What was counted before the first look is not in it. */
  take(counts: Readonly<Record<Name, number>>, nowMs: number): Record<Name, number> {
    const last = this.#last ?? counts
    this.#last = counts
    const grown = this.#sum(this.#names, (name) =>
      counts[name] < last[name] ? counts[name] : counts[name] - last[name],
    )
    this.#steps = this.#steps.filter(({ sinceMs }) => nowMs - sinceMs < HOUR_MS)
    const newest = this.#steps.at(-1)
    if (newest !== undefined && nowMs - newest.sinceMs < STEP_MS) {
      for (const name of this.#names) newest.grown[name] += grown[name]
    } else if (this.#names.some((name) => grown[name] > 0)) this.#steps.push({ sinceMs: nowMs, grown })
    return this.#sum(this.#names, (name) => this.#steps.reduce((sum, step) => sum + step.grown[name], 0))
  }

  #sum(names: readonly Name[], of: (name: Name) => number): Record<Name, number> {
    return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, number>
  }
}
