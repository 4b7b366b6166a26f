/** What was missed and what may be believed: holes with causes, intervals of validity, clean and verified time; pure. */
export { type Blame, blameOf, HOLE_CAUSES, type HoleCause, wordsOf } from './cause.ts'
export { DAY_MS, type Day, isZone, nextDay, previousDay, startOfDay, wallTime } from './civil-time.ts'
export {
  type Coverage,
  cleanPercent,
  coverageOf,
  type Ends,
  heldPercent,
  type Range,
  type Total,
  totalOf,
  verifiedPercent,
} from './coverage.ts'
export { HITS_ALL, type Hole, type HoleClosedBy, type HoleMarket, hitsAll, holesOf, type TimesOf } from './hole.ts'
export {
  askedIn,
  type Counts,
  INTERVALS_MAX,
  type Interval,
  Ledger,
  type LedgerMarket,
  type LedgerRecord,
  LedgerTooLarge,
  type Run,
  type Span,
} from './ledger.ts'
export { type MarketTimes, type PlacedTimes, ToldTimes } from './market-times.ts'
export { msOfNs, nsOfMs, type Place } from './place.ts'
export {
  ASK_WITHIN_MS,
  type Asked,
  type ClosedBy,
  type Gap,
  type Loss,
  newStanding,
  type Standing,
  Standings,
  type StandingsParts,
  tellLoss,
  type Validity,
} from './standing.ts'
export { meetsWeeklyPause } from './weekly-pause.ts'
