/** Moves the exchange times inside a message, for an exchange whose wall clock is set while it runs. */
import { encodeTime } from '../rfc3339.ts'
import type { Envelope } from './protocol.ts'

/** The same envelope for 0 ms. Times in seconds that mean a date of a market, as in a lifecycle, stay. */
export function moveTimes(envelope: Envelope, byMs: number): Envelope {
  const { msg, type } = envelope
  if (byMs === 0 || msg === undefined || type.includes('lifecycle')) return envelope
  const moved = msg
    .replace(/"ts_ms":(\d+)/g, (_, ms) => `"ts_ms":${Number(ms) + byMs}`)
    .replace(/"ts":(\d+)/g, (_, s) => `"ts":${Math.floor((Number(s) * 1000 + byMs) / 1000)}`)
    .replace(/"(ts|time)":"([^"]+)"/g, (whole, name, text) => {
      const ms = Date.parse(text)
      return Number.isNaN(ms) ? whole : `"${name}":"${encodeTime(ms + byMs)}"`
    })
  return { ...envelope, msg: moved }
}
