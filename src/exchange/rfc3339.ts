/** Exchange times as text. */
let cachedSecond = Number.NaN
let cachedText = ''

/** RFC 3339 without trailing zeros of the fraction, as recorded frames have it; `finerDigits` stand below a millisecond. */
export function encodeTime(unixMs: number, finerDigits = ''): string {
  const second = Math.floor(unixMs / 1000)
  if (second !== cachedSecond) {
    cachedSecond = second
    cachedText = new Date(second * 1000).toISOString().slice(0, 19)
  }
  const fraction = `${String(unixMs - second * 1000).padStart(3, '0')}${finerDigits}`
  const trimmed = fraction.endsWith('0') ? fraction.replace(/0+$/, '') : fraction
  return trimmed === '' ? `${cachedText}Z` : `${cachedText}.${trimmed}Z`
}
