/**
 * Which exchange a journal belongs to. A journal never mixes two: the original system did, and its training data could
 * not be told apart afterwards.
 */
export const ENVIRONMENTS = ['prod', 'demo', 'sim', 'import'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** `*.kalshi.com` is production, `*.kalshi.co` demo, anything else a simulation. */
export function environmentOf(host: string): Exclude<Environment, 'import'> {
  const name = host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
  if (name === 'kalshi.com' || name.endsWith('.kalshi.com')) return 'prod'
  if (name === 'kalshi.co' || name.endsWith('.kalshi.co')) return 'demo'
  return 'sim'
}
