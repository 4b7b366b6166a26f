/** Bodies that are JSON: what is not a frame, a command or a checkpoint. */

/** UTF-8 bytes of the value. */
export const encodeJson = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body), 'utf8')

/**
 * The value, whose shape the record's type gives (#domain); `undefined` when the bytes are no JSON object. The writer is
 * trusted for the shape inside: the block's CRC covers it.
 */
export function decodeJson<Body extends object>(bytes: Uint8Array): Body | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : undefined
  } catch {
    return undefined
  }
}
