/**
 * Lifecycle, events and indices as the `msg` of a frame (docs.kalshi.com/asyncapi.yaml, read 2026-11). Times of a
 * lifecycle are in seconds. Which fields an `activated` carries is unconfirmed live.
 */
import { formatDollars } from '#domain'
import type { LifecycleChange } from '../world/happening.ts'
import type { WorldEvent, WorldMarket } from '../world/world-market.ts'
import type { Averages } from './index-averages.ts'

export const encodeLifecycle = (market: WorldMarket, change: LifecycleChange): string =>
  JSON.stringify({ market_ticker: market.ticker, event_type: change, exchange_index: 0, ...fieldsOf(market, change) })

function fieldsOf(market: WorldMarket, change: LifecycleChange): Readonly<Record<string, unknown>> {
  switch (change) {
    case 'created':
      return {
        open_ts: seconds(market.openMs),
        close_ts: seconds(market.closeMs),
        ...describeGrid(market),
        additional_metadata: {
          name: market.yesSubTitle,
          title: market.title,
          yes_sub_title: market.yesSubTitle,
          no_sub_title: market.noSubTitle,
          rules_primary: market.rulesPrimary,
          rules_secondary: market.rulesSecondary,
          can_close_early: market.canCloseEarly,
          event_ticker: market.event.ticker,
          expected_expiration_ts: seconds(market.expectedExpirationMs),
          ...describeStrike(market),
        },
      }
    case 'activated':
      return { is_deactivated: false }
    case 'deactivated':
      return { is_deactivated: true }
    case 'close_date_updated':
      return { close_ts: seconds(market.closeMs) }
    case 'determined':
      return {
        result: market.result,
        determination_ts: seconds(market.determinedMs ?? 0),
        settlement_value: market.settlementValue === undefined ? '' : formatDollars(market.settlementValue),
      }
    case 'settled':
      return { settled_ts: seconds(market.settledMs ?? 0) }
    case 'price_level_structure_updated':
      return describeGrid(market)
  }
}

export const encodeEvent = (event: WorldEvent): string =>
  JSON.stringify({
    event_ticker: event.ticker,
    exchange_index: 0,
    title: event.title,
    subtitle: event.subTitle,
    collateral_return_type: event.collateralReturnType,
    series_ticker: event.series.ticker,
    ...(event.strikeDateMs === undefined ? {} : { strike_date: seconds(event.strikeDateMs) }),
    ...(event.strikePeriod === undefined ? {} : { strike_period: event.strikePeriod }),
  })

export const encodeIndex = (indexId: string, value: string, atMs: number, averages: Averages): string =>
  JSON.stringify({
    index_id: indexId,
    received_at: atMs,
    data: JSON.stringify({ type: 'value', time: atMs, id: indexId, value }),
    ...averages,
  })

/** The structure's label and its ranges, as REST and the wire show them. */
export const describeGrid = ({ priceLevelStructure, priceRanges }: WorldMarket) => ({
  price_level_structure: priceLevelStructure,
  price_ranges: priceRanges.map(({ start, end, step }) => ({
    start: formatDollars(start),
    end: formatDollars(end),
    step: formatDollars(step),
  })),
})

export const describeStrike = ({ strikeType, floorStrike, capStrike, customStrike }: WorldMarket) => ({
  strike_type: strikeType,
  ...(floorStrike === undefined ? {} : { floor_strike: floorStrike }),
  ...(capStrike === undefined ? {} : { cap_strike: capStrike }),
  ...(customStrike === undefined ? {} : { custom_strike: customStrike }),
})

const seconds = (ms: number): number => Math.floor(ms / 1000)
