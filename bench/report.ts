/**
 * What a bench hands back, and how it is printed. A speed counts only beside a check that passed: whoever measures a
 * program that computes something else measures nothing.
 */

export type Spread = { readonly median: number; readonly min: number; readonly max: number }

/** One figure taken once a round. */
export type Speed = Spread & { readonly name: string; readonly unit: string; readonly rounds: number }

/** One figure taken once an event. */
export type Distribution = {
  readonly name: string
  readonly unit: string
  readonly samples: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** What was found beside what an independent way says it must be. */
export type Check = { readonly what: string; readonly found: string; readonly wanted: string }

export type Report = {
  readonly bench: string
  readonly name: string
  /** What was fed in, so that another can feed the same. */
  readonly input: string
  /** How it was measured, in whole sentences. */
  readonly how: readonly string[]
  readonly speeds: readonly Speed[]
  readonly distributions: readonly Distribution[]
  readonly facts: Readonly<Record<string, string | number>>
  readonly checks: readonly Check[]
}

export const passes = ({ found, wanted }: Check): boolean => found === wanted

/** Median and ends of one value a round; of an even number of rounds the lower middle one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: sorted[(sorted.length - 1) >> 1] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

export const speedOf = (name: string, unit: string, values: readonly number[]): Speed => ({
  name,
  unit,
  rounds: values.length,
  ...spreadOf(values),
})

/** Exact percentiles: the samples are sorted in place, nothing is put in buckets. */
export function distributionOf(name: string, unit: string, samples: Float64Array): Distribution {
  samples.sort()
  const at = (share: number) => samples[Math.max(0, Math.ceil(samples.length * share) - 1)] ?? 0
  return { name, unit, samples: samples.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
}

/** A report as text for people. */
export function printReport({ bench, name, input, how, speeds, distributions, facts, checks }: Report): string {
  const blocks = [`${bench}: ${name}`, `  input  ${input}`, ...how.map((line) => `  ${line}`)]
  if (speeds.length > 0) {
    const rows = speeds.map(({ name, unit, rounds, median, min, max }) => [
      name,
      figure(median),
      figure(min),
      figure(max),
      String(rounds),
      unit,
    ])
    blocks.push(table(['', 'median', 'min', 'max', 'rounds', 'unit'], rows))
  }
  if (distributions.length > 0) {
    const rows = distributions.map(({ name, unit, samples, p50, p99, p999, max }) => [
      name,
      figure(p50),
      figure(p99),
      figure(p999),
      figure(max),
      figure(samples),
      unit,
    ])
    blocks.push(table(['', 'p50', 'p99', 'p99.9', 'max', 'samples', 'unit'], rows))
  }
  for (const [fact, value] of Object.entries(facts)) {
    blocks.push(`  ${fact}: ${typeof value === 'number' ? figure(value) : value}`)
  }
  for (const check of checks) {
    const { what, found, wanted } = check
    blocks.push(passes(check) ? `  right  ${what}: ${found}` : `  WRONG  ${what}: found ${found}, needed ${wanted}`)
  }
  return `${blocks.join('\n')}\n`
}

/** Four digits are more than any of these figures deserves. */
function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(4)))
}

/** The first column to the left, the last too, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((word, column) => Math.max(word.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `  ${cells
      .map((cell, column) => {
        const isText = column === 0 || column === cells.length - 1
        return isText ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
      })
      .join('  ')
      .trimEnd()}`
  return [line(head), ...rows.map(line)].join('\n')
}
