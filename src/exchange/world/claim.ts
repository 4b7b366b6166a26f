/** What a market pays as a function of the latent number at its end, and what that is worth before the end. Values in 0 … 1. */

export type Claim =
  /** A dollar when `low` ≤ number < `high`; either may be infinite. */
  | { readonly kind: 'between'; readonly low: number; readonly high: number }
  /** From nothing at `low` to a dollar at `high`, in a straight line. */
  | { readonly kind: 'scalar'; readonly low: number; readonly high: number }

export function payoff(claim: Claim, value: number): number {
  const { kind, low, high } = claim
  if (kind === 'between') return value >= low && value < high ? 1 : 0
  return Math.min(1, Math.max(0, (value - low) / (high - low)))
}

/** The expected payoff when the number ends normally distributed around `value`. */
export function fairValue(claim: Claim, value: number, variance: number): number {
  if (variance <= 0) return payoff(claim, value)
  const deviation = Math.sqrt(variance)
  const { kind, low, high } = claim
  if (kind === 'between') return normalBelow((value - low) / deviation) - normalBelow((value - high) / deviation)
  return (excessOver(low, value, deviation) - excessOver(high, value, deviation)) / (high - low)
}

/** Expected amount by which the number ends above `strike`. */
function excessOver(strike: number, value: number, deviation: number): number {
  const distance = (value - strike) / deviation
  const density = Math.exp((-distance * distance) / 2) / Math.sqrt(2 * Math.PI)
  return deviation * (distance * normalBelow(distance) + density)
}

/** The standard normal distribution function, to about 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalBelow(distance: number): number {
  if (distance === Number.POSITIVE_INFINITY) return 1
  if (distance === Number.NEGATIVE_INFINITY) return 0
  const positive = Math.abs(distance)
  const t = 1 / (1 + 0.2316419 * positive)
  const tail =
    (Math.exp((-positive * positive) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return distance > 0 ? 1 - tail : tail
}
