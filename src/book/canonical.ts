/**
 * A book as one canonical text: what digests are taken over, so that two programs can tell whether they hold the same
 * book without sending it. The form is shared with the independent oracle of our tests.
 */
import type { Level, Levels } from '#domain'

/** `"TICKER\nyes P:Q P:Q\nno P:Q\n"`, levels in ascending price, integers; a side without levels is the bare word. */
export function canonicalText(market: string, levels: Levels): string {
  return `${market}\nyes${side(levels.yes)}\nno${side(levels.no)}\n`
}

const side = (levels: readonly Level[]): string => levels.map(([price, size]) => ` ${price}:${size}`).join('')
