/** Bodies that hardly change here: trading is on but for a pause made on purpose, and nothing costs other than the default. */
import { READ_COST } from './tokens.ts'

export const EXCHANGE_STATUS = {
  exchange_active: true,
  trading_active: true,
  exchange_index_statuses: [{ exchange_index: 0, exchange_active: true, trading_active: true }],
}

/** Of an exchange that pauses until then, Unix ms. */
export const statusPaused = (untilMs: number) => ({
  exchange_active: false,
  trading_active: false,
  exchange_estimated_resume_time: new Date(untilMs).toISOString(),
  exchange_index_statuses: [{ exchange_index: 0, exchange_active: false, trading_active: false }],
})

const ALL_DAY = [{ open_time: '00:00', close_time: '00:00' }]

export const EXCHANGE_SCHEDULE = {
  schedule: {
    standard_hours: [
      {
        start_time: '2026-01-01T00:00:00Z',
        end_time: '2099-12-31T00:00:00Z',
        monday: ALL_DAY,
        tuesday: ALL_DAY,
        wednesday: ALL_DAY,
        thursday: ALL_DAY,
        friday: ALL_DAY,
        saturday: ALL_DAY,
        sunday: ALL_DAY,
      },
    ],
    maintenance_windows: [],
  },
}

/** No endpoint that is served here differs from the default. */
export const ENDPOINT_COSTS = { default_cost: READ_COST, endpoint_costs: [] }
