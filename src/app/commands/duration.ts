/** Durations as people write them on a command line: `90s`, `5m`, `2h`, `500ms`. */
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; `undefined` for anything else, or above 1,000 days. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text)
  if (match === null) return undefined
  const ms = Math.round(Number(match[1]) * UNITS_MS[match[2]!]!)
  return ms > 0 && ms <= 1000 * UNITS_MS['d']! ? ms : undefined
}
