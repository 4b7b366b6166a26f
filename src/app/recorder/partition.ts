/** Which market rides on which connection: in order, so that the first markets asked for are the first connected. */

export class TooManyMarkets extends Error {
  override readonly name = 'TooManyMarkets'
  readonly code = 'FLOW_TOO_MANY_MARKETS'
}

/** One list for each connection. Throws when they do not fit. */
export function partition(markets: readonly string[], perConnection: number, connectionsMax: number): string[][] {
  const wanted = [...new Set(markets)]
  const needed = Math.max(1, Math.ceil(wanted.length / perConnection))
  if (needed > connectionsMax) {
    throw new TooManyMarkets(
      `${wanted.length} markets need ${needed} connections of ${perConnection}, and ${connectionsMax} are allowed: ` +
        'ask for fewer markets, or raise KALSHIFLOW_MARKETS_PER_CONNECTION or KALSHIFLOW_CONNECTIONS_MAX',
    )
  }
  const size = Math.ceil(wanted.length / needed)
  return Array.from({ length: needed }, (_, index) => wanted.slice(index * size, (index + 1) * size))
}
