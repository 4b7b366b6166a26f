/** Times, durations and shares as people read them, in a column. */
import { wallTime } from '#ledger'

/** `2026-11-22 20:41:03` in a zone. */
export function tellTime(ms: number, zone: string): string {
  const { day, msOfDay } = wallTime(ms, zone)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${day} ${two(msOfDay / 3_600_000)}:${two((msOfDay / 60_000) % 60)}:${two((msOfDay / 1000) % 60)}`
}

/** `12 ms`, `3.4 s`, `5 m 03 s`, `2 h 07 m`, `3 d 04 h`. */
export function tellDuration(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} m ${two((ms / 1000) % 60)} s`
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ${two((ms / 60_000) % 60)} m`
  return `${Math.floor(ms / 86_400_000)} d ${two((ms / 3_600_000) % 24)} h`
}

/** Three decimals, cut and not rounded: 99.999 is not 100. */
export const tellPercent = (percent: number | undefined): string =>
  percent === undefined ? '–'.padStart(7) : percent.toFixed(3).padStart(7)

/** The same without room on its left. */
export const tellShare = (percent: number): string => (Math.floor(percent * 1000) / 1000).toFixed(3)

export const tellCount = (count: number): string => count.toLocaleString('en-US')

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** `1.2 GB`: units of a thousand. */
export function tellBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`
}
