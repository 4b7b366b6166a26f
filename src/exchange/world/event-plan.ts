/**
 * Plans an event: its strikes around the latent number as it stands, its tickers and titles, and what each market pays.
 *
 * A ticker carries the close and the start of the world, so that no two runs share one: `KXSIMBTCD-26NOV221745` for
 * the close, `S` and the start in base 36, `N` and the number of the event, then the strike.
 */
import type { Chance } from './chance.ts'
import type { Claim } from './claim.ts'
import type { EventKind, SeriesPlan } from './series-catalog.ts'
import type { StrikeType } from './world-market.ts'

export type EventPlan = {
  readonly ticker: string
  readonly title: string
  readonly subTitle: string
  readonly mutuallyExclusive: boolean
  readonly markets: readonly MarketPlan[]
  /** The number at the end as text. */
  readonly describe: (value: number) => string
}

export type MarketPlan = {
  readonly ticker: string
  readonly claim: Claim
  readonly title: string
  readonly yesSubTitle: string
  readonly strikeType: StrikeType
  readonly floorStrike?: number
  readonly capStrike?: number
  readonly customStrike?: Readonly<Record<string, string>>
}

export type EventSituation = {
  readonly plan: SeriesPlan
  /** How many markets it gets. */
  readonly size: number
  readonly closeMs: number
  readonly worldStartMs: number
  /** 1, 2, 3 … in this world. */
  readonly number: number
  /** The latent number now, its decimals when it is shown, and its standard deviation until the close. */
  readonly value: number
  readonly decimals: number
  readonly deviation: number
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

const TEAMS = ['ATL', 'BOS', 'CHC', 'DEN', 'HOU', 'KCR', 'LAA', 'MIA', 'NYM', 'PHI', 'SEA', 'TEX', 'TOR', 'WAS']

/** Where the strikes of a ladder begin and end, in standard deviations: more of them out of reach than in it. */
const LADDER_FROM = [-0.4, 1] as const
const LADDER_TO = [1.7, 2.8] as const
const BUCKETS_HALF_WIDTH = [1.6, 2.6] as const
const SCALAR_HALF_WIDTH = 2.5

export function planEvent(situation: EventSituation, chance: Chance): EventPlan {
  const { plan, closeMs, worldStartMs, number, decimals } = situation
  const stamp = `${closeStamp(closeMs)}S${worldStartMs.toString(36)}N${number.toString(36)}`.toUpperCase()
  const ticker = `${plan.series.ticker}-${stamp}`
  const markets = PLANNERS[plan.kind]({ ...situation, ticker }, chance)
  const at = new Date(closeMs).toISOString().slice(11, 16)
  const isGame = plan.kind === 'game'
  return {
    ticker,
    title: isGame ? `${markets[0]?.yesSubTitle} vs ${markets[1]?.yesSubTitle}` : `${plan.series.title} at ${at} UTC`,
    subTitle: `At ${at} UTC`,
    mutuallyExclusive: isGame || plan.kind === 'buckets',
    markets,
    describe: (value) => (isGame ? (markets[value >= 0 ? 0 : 1] as MarketPlan).yesSubTitle : value.toFixed(decimals)),
  }
}

type Planner = (situation: EventSituation & { readonly ticker: string }, chance: Chance) => MarketPlan[]

const PLANNERS: Readonly<Record<EventKind, Planner>> = {
  up_down: ({ ticker, value, decimals, plan }) => {
    const strike = roundTo(value, decimals)
    return [
      {
        ticker: `${ticker}-00`,
        claim: { kind: 'between', low: strike, high: Number.POSITIVE_INFINITY },
        title: `${plan.series.title}: at or above ${strike}?`,
        yesSubTitle: `${strike} or above`,
        strikeType: 'greater',
        floorStrike: strike,
      },
    ]
  },
  ladder: (situation, chance) => {
    const { ticker, size, value, deviation, decimals, plan } = situation
    const from = chance.between(...LADDER_FROM)
    const to = chance.between(...LADDER_TO)
    const unit = 10 ** -decimals
    const strikes = edgesOf(value + from * deviation, value + to * deviation, size, decimals)
    return strikes.map((strike) => {
      // "Above 97,249.99" is "97,250 or above".
      const shown = roundTo(strike - unit, decimals)
      return {
        ticker: `${ticker}-T${shown}`,
        claim: { kind: 'between', low: strike, high: Number.POSITIVE_INFINITY },
        title: `${plan.series.title}: above ${shown}?`,
        yesSubTitle: `${strike} or above`,
        strikeType: 'greater',
        floorStrike: shown,
      }
    })
  },
  buckets: (situation, chance) => {
    const { ticker, size, value, deviation, decimals, plan } = situation
    const half = chance.between(...BUCKETS_HALF_WIDTH) * deviation
    const shift = chance.between(-0.5, 0.5) * deviation
    const edges = edgesOf(value + shift - half, value + shift + half, size - 1, decimals)
    const unit = 10 ** -decimals
    return Array.from({ length: size }, (_, index): MarketPlan => {
      const low = edges[index - 1]
      const high = edges[index]
      const floor = low
      const cap = high === undefined ? undefined : roundTo(high - unit, decimals)
      const words =
        low === undefined ? `${cap} or below` : cap === undefined ? `${floor} or above` : `${floor} to ${cap}`
      return {
        ticker: `${ticker}-${low === undefined ? `T${high}` : high === undefined ? `T${low}` : `B${roundTo((low + high) / 2, decimals + 1)}`}`,
        claim: { kind: 'between', low: low ?? Number.NEGATIVE_INFINITY, high: high ?? Number.POSITIVE_INFINITY },
        title: `${plan.series.title}: ${words}?`,
        yesSubTitle: words,
        strikeType: low === undefined ? 'less' : high === undefined ? 'greater' : 'between',
        ...(floor === undefined ? {} : { floorStrike: floor }),
        ...(cap === undefined ? {} : { capStrike: cap }),
      }
    })
  },
  game: ({ ticker, plan }, chance) => {
    const first = chance.whole(0, TEAMS.length - 1)
    const second = (first + chance.whole(1, TEAMS.length - 1)) % TEAMS.length
    const infinite = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    return [first, second].map((team, index): MarketPlan => {
      const name = TEAMS[team] as string
      return {
        ticker: `${ticker}-${name}`,
        claim: { kind: 'between', ...infinite, ...(index === 0 ? { low: 0 } : { high: 0 }) },
        title: `${plan.series.title}: will ${name} win?`,
        yesSubTitle: name,
        strikeType: 'structured',
        customStrike: { team: name },
      }
    })
  },
  scalar: ({ ticker, value, deviation, decimals, plan }) => {
    const low = roundTo(value - SCALAR_HALF_WIDTH * deviation, decimals)
    const high = roundTo(value + SCALAR_HALF_WIDTH * deviation, decimals)
    return [
      {
        ticker: `${ticker}-S`,
        claim: { kind: 'scalar', low, high },
        title: `${plan.series.title}: how far from ${low} to ${high}?`,
        yesSubTitle: `${low} to ${high}`,
        strikeType: 'functional',
        floorStrike: low,
        capStrike: high,
      },
    ]
  },
}

/** `count` different numbers from `from` to about `to`, evenly apart, on the decimals. */
function edgesOf(from: number, to: number, count: number, decimals: number): number[] {
  const unit = 10 ** -decimals
  const apart = Math.max(count > 1 ? (to - from) / (count - 1) : 0, 2 * unit)
  const first = count > 1 ? from : (from + to) / 2
  return Array.from({ length: count }, (_, index) => roundTo(first + index * apart, decimals))
}

export const roundTo = (value: number, decimals: number): number => Number(value.toFixed(decimals))

function closeStamp(ms: number): string {
  const iso = new Date(ms).toISOString()
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] as string
  return `${iso.slice(2, 4)}${month}${iso.slice(8, 10)}${iso.slice(11, 13)}${iso.slice(14, 16)}`
}
