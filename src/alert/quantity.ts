/** Quantities as people write them in settings: `5m`, `50%`, `2GiB`, `20`. Each text has one meaning or none. Pure. */
export type Unit = 'ms' | 'share' | 'bytes' | 'count' | 'days'

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const BYTES: Readonly<Record<string, number>> = { MiB: 1024 ** 2, GiB: 1024 ** 3 }
const NUMBER = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|%|MiB|GiB)?$/

export const NEEDED: Readonly<Record<Unit, string>> = {
  ms: 'a time such as 500ms, 30s, 5m, 4h or 2d',
  share: 'a share such as 50%',
  bytes: 'a size such as 500MiB or 2GiB',
  count: 'a whole number',
  days: 'days as a number',
}

/** `undefined` when the text is no such quantity. */
export function readQuantity(text: string, unit: Unit): number | undefined {
  const parts = NUMBER.exec(text)
  if (parts === null) return undefined
  const value = Number(parts[1])
  const suffix = parts[2] ?? ''
  switch (unit) {
    case 'ms':
      return suffix in MS ? value * MS[suffix]! : undefined
    case 'bytes':
      return suffix in BYTES ? value * BYTES[suffix]! : undefined
    case 'share':
      return suffix === '%' && value <= 100 ? value / 100 : undefined
    case 'count':
      return suffix === '' && Number.isInteger(value) ? value : undefined
    case 'days':
      return suffix === '' ? value : undefined
  }
}

/** The text that {@link readQuantity} would read, in the largest unit that is exact. */
export function writeQuantity(value: number, unit: Unit): string {
  if (unit === 'share') return `${Math.round(value * 1000) / 10}%`
  if (unit === 'count' || unit === 'days') return String(value)
  const [name, size] = Object.entries(unit === 'ms' ? MS : BYTES)
    .reverse()
    .find(([, each]) => value >= each && value % each === 0) ?? ['ms', 1]
  return `${value / size}${name}`
}

/** A time for people: `3 min`, `2.5 h`. */
export function tellTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 360_000) / 10} h` : `${Math.round(ms / 8_640_000) / 10} days`
}
