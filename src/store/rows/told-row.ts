/** What the exchange said of a market, out of its row. */
import type { PlacedTimes } from '#ledger'

type Cell = unknown

export function timesOfRow(row: Readonly<Record<string, Cell>>): PlacedTimes {
  const number = (name: string) => (row[name] === null || row[name] === undefined ? undefined : Number(row[name]))
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : undefined)
  const segment = number('told_segment')
  const told =
    segment === undefined
      ? undefined
      : { segment, offset: number('told_offset') ?? 0, receivedNs: BigInt((row['told_ns'] ?? 0) as string | bigint) }
  return {
    openMs: number('open_ms'),
    closeMs: number('close_ms'),
    status: text('status'),
    result: text('result'),
    told,
  }
}
