/** Changes to good input: of its bytes, of its text, and of JSON by its structure. Drawn from a seed. */
import type { SeededRandom } from '#journal'

export const oneOf = <T>(random: SeededRandom, list: readonly T[]): T => list[random.below(list.length)]!

/** Bytes with one to four changes: bits turned, bytes set, stretches cut, doubled, moved, or taken from other input. */
export function mutateBytes(random: SeededRandom, bytes: Uint8Array, others: readonly Uint8Array[] = []): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let left = 1 + random.below(4); left > 0; left--) changed = mutateOnce(random, changed, others)
  return changed
}

const TOKENS = [...'0123456789-+.,:;"\'\\{}[]()/ \t\n\rexnul', '1e3', '\\u0041', 'null', '\u0000', '{}', '\r\n\r\n']

function mutateOnce(random: SeededRandom, bytes: Buffer, others: readonly Uint8Array[]): Buffer {
  const at = random.below(bytes.length + 1)
  const length = random.below(Math.min(bytes.length - at, oneOf(random, [1, 4, 16, 200, 100_000])) + 1)
  const piece = bytes.subarray(at, at + length)
  switch (random.below(10)) {
    case 0:
      return edit(bytes, at, (byte) => byte ^ (1 << random.below(8)))
    case 1:
      return edit(bytes, at, () => oneOf(random, [0, 0xff, 0x7f, 0x80, 0x0a, 0x22, random.below(256)]))
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
    case 5:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(32)), bytes.subarray(at)])
    case 6:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(length), bytes.subarray(at + length)])
    case 7: {
      // What texts are made of, at their ends as often as inside.
      const token = Buffer.from(oneOf(random, TOKENS))
      const place = oneOf(random, [at, at, 0, bytes.length])
      return Buffer.concat([bytes.subarray(0, place), token, bytes.subarray(place)])
    }
    case 8: {
      const to = random.below(bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)])
    }
    default: {
      const other = others.length === 0 ? bytes : oneOf(random, others)
      const from = random.below(other.length + 1)
      return Buffer.concat([bytes.subarray(0, at), other.subarray(from), bytes.subarray(at + length)])
    }
  }
}

function edit(bytes: Buffer, at: number, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = change(copy[at]!) & 0xff
  return copy
}

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -0,
  '',
  '0',
  'NaN',
  '0.0000',
  '1.0000',
  '-0.01',
  '99999999999999999999.99',
  '0x10',
  '1e3',
  '١',
  '\u0000',
  '\ud800',
  'constructor',
  '__proto__',
  [],
  [[]],
  {},
  { toString: 1 },
  'x'.repeat(3_000),
]
/** A value of its own: what is put into one place is changed there alone. */
const odd = (random: SeededRandom): unknown => structuredClone(oneOf(random, ODD))
const NAMES = ['sid', 'seq', 'msg', 'type', 'id', '__proto__', 'constructor', 'toJSON', 'length', 'market_ticker', '']

/** A JSON value with one to three places changed: values replaced, keys removed, renamed, added, lists grown or turned. */
export function mutateJson(random: SeededRandom, value: unknown): unknown {
  const copy = structuredClone(value)
  const root = { root: copy }
  for (let left = 1 + random.below(3); left > 0; left--) mutatePlace(random, root)
  return root.root
}

function mutatePlace(random: SeededRandom, root: { root: unknown }): void {
  const places: [holder: Record<string, unknown>, key: string][] = []
  const walk = (holder: Record<string, unknown>, depth: number) => {
    for (const key of Object.keys(holder)) {
      places.push([holder, key])
      const inner = holder[key]
      if (typeof inner === 'object' && inner !== null && depth < 6) walk(inner as Record<string, unknown>, depth + 1)
    }
  }
  walk(root, 0)
  if (places.length === 0) return
  const [holder, key] = oneOf(random, places)
  // A list's length is no member of its own.
  const name = Array.isArray(holder) ? '0' : oneOf(random, NAMES)
  switch (random.below(6)) {
    case 0:
      delete holder[key]
      return
    case 1:
      put(holder, name, holder[key])
      return
    case 2:
      put(holder, name, odd(random))
      return
    case 3:
      holder[key] = typeof holder[key] === 'number' ? holder[key] + random.below(5) - 2 : odd(random)
      return
    case 4:
      if (Array.isArray(holder[key])) holder[key] = [...holder[key], ...holder[key].slice(0, 50)].reverse()
      else holder[key] = [holder[key], holder[key]]
      return
    default:
      holder[key] = odd(random)
  }
}

/** As a parser would: `__proto__` is a name like any other. */
const put = (holder: Record<string, unknown>, name: string, value: unknown): void =>
  void Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true })
