/**
 * A secret and all the shapes in which it could be seen: as it is, in pieces, escaped, in base64 wherever it may begin, in
 * hex, and a key as raw bytes. What is looked through is bytes: outputs and files.
 */
import { createPrivateKey } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

export type Canary = { readonly name: string; readonly needles: readonly Buffer[] }

/** Shorter pieces could stand anywhere by chance. */
const PIECE = 12

export function textCanary(name: string, text: string): Canary {
  const bytes = Buffer.from(text)
  const shapes = [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    bytes.toString('hex'),
    text.slice(-PIECE),
  ]
  return { name, needles: [...shapes.map((each) => Buffer.from(each)), ...inBase64(bytes)] }
}

/** By the numbers that make it this key: what stands around them is the same in every key. */
export function keyCanary(name: string, pem: string): Canary {
  const { d, p, q, n, x } = createPrivateKey(pem).export({ format: 'jwk' })
  const numbers = [d, p, q, n, x].flatMap((number) => (number === undefined ? [] : [Buffer.from(number, 'base64url')]))
  const shapes = numbers.flatMap((bytes) => [bytes, Buffer.from(bytes.toString('hex')), ...inBase64(bytes)])
  return { name, needles: shapes.flatMap(piecesOf) }
}

/** Whole groups alone: those at the ends depend on what stands beside. */
function inBase64(bytes: Buffer): Buffer[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    return Buffer.from(text.slice(shift === 0 ? 0 : 4, text.length - 4))
  })
}

const piecesOf = (bytes: Buffer): Buffer[] =>
  Array.from({ length: Math.floor(bytes.length / PIECE) }, (_, index) =>
    bytes.subarray(index * PIECE, (index + 1) * PIECE),
  )

/** Where a canary is seen: `place: canary`. */
export function sightings(place: string, haystack: Buffer, canaries: readonly Canary[]): string[] {
  // Line ends inside base64 would hide it, plain or as two characters.
  const joined = Buffer.from(haystack.toString('latin1').replaceAll(/\r?\n|\\n/g, ''), 'latin1')
  return canaries
    .filter(({ needles }) => needles.some((needle) => haystack.includes(needle) || joined.includes(needle)))
    .map(({ name }) => `${place}: ${name}`)
}

/** Of all files below a folder, sealed segments unpacked as well. Counts what was looked through. */
export function sightingsIn(
  folder: string,
  canaries: readonly Canary[],
): { seen: string[]; files: number; bytes: number } {
  const seen: string[] = []
  let files = 0
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = readFileSync(path)
    files += 1
    bytes += content.length
    seen.push(...sightings(path, content, canaries))
    if (path.endsWith('.zst')) seen.push(...sightings(`${path} unpacked`, zstdDecompressSync(content), canaries))
  }
  return { seen, files, bytes }
}
