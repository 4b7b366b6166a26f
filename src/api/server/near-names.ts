/**
 * Names like the one that was asked for and is not there. The work is bounded whatever is asked: so many names are looked
 * at, the rest by their beginning alone, and a distance is given up as soon as it is too long.
 */

const COMPARED_MAX = 500
const EDITS_MAX = 6
const NAME_LENGTH_MAX = 128

/** The nearest names, best first, at most `count`. */
export function nearNames(wanted: string, names: readonly string[], count = 5): string[] {
  const word = wanted.slice(0, NAME_LENGTH_MAX).toUpperCase()
  const found: { readonly name: string; readonly edits: number; readonly shared: number }[] = []
  const candidates = names.length <= COMPARED_MAX ? names : likeliest(word, names)
  const limit = Math.min(EDITS_MAX, Math.max(2, Math.floor(word.length / 3)))
  for (const name of candidates) {
    const edits = editsBetween(word, name.toUpperCase(), limit)
    const shared = sharedStart(word, name)
    if (edits <= limit || (word.length >= 3 && shared >= Math.max(3, word.length * 0.6))) {
      found.push({ name, edits: Math.min(edits, limit + 1), shared })
    }
  }
  return found
    .sort((a, b) => a.edits - b.edits || b.shared - a.shared || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name)
}

/** Those that begin most alike, found in one pass. */
function likeliest(word: string, names: readonly string[]): string[] {
  const byShared: string[][] = Array.from({ length: word.length + 1 }, () => [])
  for (const name of names) {
    const those = byShared[sharedStart(word, name)]!
    if (those.length < COMPARED_MAX) those.push(name)
  }
  return byShared.reverse().flat().slice(0, COMPARED_MAX)
}

/** Characters that both begin with. `word` in capitals. */
function sharedStart(word: string, name: string): number {
  const length = Math.min(word.length, name.length)
  for (let at = 0; at < length; at++) {
    if (word.charCodeAt(at) !== name.charCodeAt(at)) return at
  }
  return length
}

/** Insertions, removals and changes from one to the other; `limit + 1` for anything above the limit. */
export function editsBetween(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit || to.length > NAME_LENGTH_MAX) return limit + 1
  const far = limit + 1
  let row = Array.from({ length: to.length + 1 }, (_, at) => Math.min(at, far))
  for (let i = 1; i <= from.length; i++) {
    const next = new Array<number>(to.length + 1).fill(far)
    next[0] = Math.min(i, far)
    const first = Math.max(1, i - limit)
    const last = Math.min(to.length, i + limit)
    let least = next[0]
    for (let j = first; j <= last; j++) {
      const change = row[j - 1]! + (from.charCodeAt(i - 1) === to.charCodeAt(j - 1) ? 0 : 1)
      next[j] = Math.min(change, row[j]! + 1, next[j - 1]! + 1, far)
      least = Math.min(least, next[j]!)
    }
    if (least > limit) return far
    row = next
  }
  return row[to.length]!
}
