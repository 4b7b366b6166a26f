/** The series of the simulated world: invented, in the shapes that Kalshi's have. What each trades is planned in event-plan.ts. */
import type { GridName } from './price-grid.ts'
import type { WorldSeries } from './world-market.ts'

export type EventKind = 'up_down' | 'ladder' | 'buckets' | 'game' | 'scalar'

export type SeriesPlan = {
  readonly series: WorldSeries
  readonly kind: EventKind
  readonly grid: GridName
  /** How many markets an event has. */
  readonly sizes: readonly [min: number, max: number]
  /** Busy, and quoted at many prices, as the crypto series with fifteen minutes are. */
  readonly isBusy: boolean
  /** Events of this series that are made, compared with others. */
  readonly weight: number
}

/** A number that several series settle on, told as an `index`. */
export type IndexPlan = {
  readonly indexId: string
  readonly startValue: number
  /** Over one second. */
  readonly deviation: number
  readonly decimals: number
}

export const INDICES: readonly IndexPlan[] = [
  { indexId: 'BRTI', startValue: 97_000, deviation: 9, decimals: 2 },
  { indexId: 'ETHUSD_RTI', startValue: 3_400, deviation: 0.4, decimals: 2 },
  { indexId: 'SOLUSD_RTI', startValue: 180, deviation: 0.025, decimals: 4 },
]

type Sketch = Omit<SeriesPlan, 'series' | 'isBusy' | 'weight'> &
  Partial<Pick<SeriesPlan, 'isBusy' | 'weight'>> &
  Pick<WorldSeries, 'ticker' | 'title' | 'category' | 'tags' | 'frequency' | 'feeType'> &
  Partial<Pick<WorldSeries, 'feeMultiplier' | 'indexId'>>

const CRYPTO = { category: 'Crypto', feeType: 'quadratic' } as const

const SKETCHES: readonly Sketch[] = [
  {
    ...CRYPTO,
    ticker: 'KXSIMBTC15M',
    title: 'Bitcoin price up or down',
    tags: ['BTC'],
    frequency: 'fifteen_min',
    indexId: 'BRTI',
    kind: 'up_down',
    grid: 'tapered_deci_cent',
    sizes: [1, 1],
    isBusy: true,
    weight: 2,
  },
  {
    ticker: 'KXSIMMLBGAME',
    title: 'Simulated baseball game',
    category: 'Sports',
    tags: ['Baseball'],
    frequency: 'custom',
    feeType: 'quadratic_with_maker_fees',
    feeMultiplier: 0.5,
    kind: 'game',
    grid: 'linear_cent',
    sizes: [2, 2],
    weight: 3,
  },
  {
    ...CRYPTO,
    ticker: 'KXSIMBTCD',
    title: 'Bitcoin price, above or below',
    tags: ['BTC'],
    frequency: 'hourly',
    indexId: 'BRTI',
    kind: 'ladder',
    grid: 'linear_cent',
    sizes: [5, 12],
    weight: 2,
  },
  {
    ticker: 'KXSIMHIGHNY',
    title: 'Highest simulated temperature in New York',
    category: 'Climate and Weather',
    tags: ['Daily temperature'],
    frequency: 'daily',
    feeType: 'quadratic',
    kind: 'buckets',
    grid: 'linear_cent',
    sizes: [4, 8],
    weight: 2,
  },
  {
    ticker: 'KXSIMTURNOUT',
    title: 'Simulated turnout',
    category: 'Elections',
    tags: ['Turnout'],
    frequency: 'custom',
    feeType: 'flat',
    kind: 'scalar',
    grid: 'linear_cent',
    sizes: [1, 1],
  },
  {
    ...CRYPTO,
    ticker: 'KXSIMETH15M',
    title: 'Ether price up or down',
    tags: ['ETH'],
    frequency: 'fifteen_min',
    indexId: 'ETHUSD_RTI',
    kind: 'up_down',
    grid: 'tapered_deci_cent',
    sizes: [1, 1],
    isBusy: true,
  },
  {
    ...CRYPTO,
    ticker: 'KXSIMETH',
    title: 'Ether price range',
    tags: ['ETH'],
    frequency: 'hourly',
    indexId: 'ETHUSD_RTI',
    kind: 'buckets',
    grid: 'tapered_deci_cent',
    sizes: [5, 10],
    weight: 2,
  },
  {
    ticker: 'KXSIMNBAGAME',
    title: 'Simulated basketball game',
    category: 'Sports',
    tags: ['Basketball'],
    frequency: 'custom',
    feeType: 'quadratic_with_maker_fees',
    kind: 'game',
    grid: 'deci_cent',
    sizes: [2, 2],
    weight: 2,
  },
  {
    ...CRYPTO,
    ticker: 'KXSIMSOLD',
    title: 'Solana price, above or below',
    tags: ['SOL'],
    frequency: 'hourly',
    indexId: 'SOLUSD_RTI',
    kind: 'ladder',
    grid: 'linear_cent',
    sizes: [5, 12],
    weight: 2,
  },
]

/** In the order in which the first events are made. */
export const SERIES: readonly SeriesPlan[] = SKETCHES.map(
  ({ kind, grid, sizes, isBusy = false, weight = 1, feeMultiplier = 1, ...shown }) => ({
    kind,
    grid,
    sizes,
    isBusy,
    weight,
    series: {
      ...shown,
      feeMultiplier,
      settlementSources: [{ name: shown.indexId ?? 'The simulated world', url: 'https://example.invalid/' }],
      contractUrl: `https://example.invalid/${shown.ticker}.pdf`,
      contractTermsUrl: `https://example.invalid/${shown.ticker}-terms.pdf`,
    },
  }),
)
