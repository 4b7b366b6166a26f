/** Where a page ended, as text that a client hands back: opaque to it, and checked like anything else it sends. */
import { ApiFault } from '../server/api-fault.ts'

export type CursorPart = string | number | null

export const writeCursor = (parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url')

/** As many parts as were written. Throws the fault of a cursor that is not ours. */
export function readCursor(text: string, parts: number): CursorPart[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    if (Array.isArray(value) && value.length === parts && value.every(isPart)) return value
  } catch {
    // Told below.
  }
  throw new ApiFault('FLOW_API_BAD_REQUEST', 'cursor is not one of this service: take next_cursor as it was given', {
    field: 'cursor',
  })
}

const isPart = (part: unknown): part is CursorPart =>
  part === null || typeof part === 'string' || (typeof part === 'number' && Number.isFinite(part))
