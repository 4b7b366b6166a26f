/**
 * The schema's name and what follows from it: its quoted form, and the keys of the advisory locks that programs on one
 * schema wait for each other with. Every statement names its schema; nothing relies on a search path. Pure but for a hash.
 */
import { createHash } from 'node:crypto'
import { SchemaError } from './errors.ts'

export const DEFAULT_SCHEMA = 'kalshiflow'

/** PostgreSQL cuts longer names silently, and two names would become one. */
const NAME_BYTES_MAX = 63

/** `my"schema` → `"my""schema"`. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** `name` as it is. Throws where PostgreSQL would refuse it, cut it, or keeps it for itself. */
export function checkSchemaName(name: string): string {
  const bytes = Buffer.byteLength(name)
  const why =
    bytes === 0
      ? 'it is empty'
      : bytes > NAME_BYTES_MAX
        ? `it has ${bytes} bytes, and PostgreSQL keeps ${NAME_BYTES_MAX}`
        : name.includes('\0')
          ? 'it holds a NUL character'
          : /^(pg_|information_schema$)/.test(name)
            ? 'PostgreSQL keeps such names for itself'
            : undefined
  if (why === undefined) return name
  throw new SchemaError(
    'FLOW_SCHEMA_NAME',
    `'${name}' is no name for our schema: ${why}. Choose another, such as '${DEFAULT_SCHEMA}'.`,
    { schema: name },
  )
}

/** A 64-bit key as decimal text: the same for every program that works on `schema` for the same purpose. */
export function lockKey(purpose: 'migrate' | 'partition', schema: string): string {
  return createHash('sha256').update(`kalshiflow ${purpose} ${schema}`).digest().readBigInt64BE(0).toString()
}
