/** UUIDs that follow from a text, so that a copy's market id and trade ids are the same in every run. */
import { createHash } from 'node:crypto'

/** A UUID (version 8, RFC 9562) made of the text's SHA-256. */
export function deriveUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
