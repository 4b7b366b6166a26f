/**
 * Everything of ours in the schema, by name: what a reset drops and a rebuild empties. A test holds it against the
 * catalogue after the migrations have run. Partitions follow their tables, indexes and triggers likewise.
 */

/** Partitioned by UTC day, and the column that says the day, in units of `perDay` to a day. */
export const PARTITIONED = {
  rl_orderbook_deltas: { column: 'received_ns', perDay: 86_400_000_000_000n },
  rl_orderbook_snapshots: { column: 'received_ns', perDay: 86_400_000_000_000n },
  rl_ticker: { column: 'received_ns', perDay: 86_400_000_000_000n },
  rl_index: { column: 'received_ns', perDay: 86_400_000_000_000n },
  /** The trade's own day: a trade is told by frames and REST bodies of several days, and is one row. */
  rl_trades: { column: 'exchange_ms', perDay: 86_400_000n },
} as const

export type PartitionedTable = keyof typeof PARTITIONED

export const PARTITIONED_TABLES = Object.keys(PARTITIONED) as readonly PartitionedTable[]

/** Made from the journal, and made again by a rebuild. */
export const DERIVED_TABLES = [
  ...PARTITIONED_TABLES,
  'rl_trade_ids',
  'rl_market_lifecycle',
  'rl_market_history',
  'rl_market_coverage',
  'rl_audits',
  'rl_gaps',
  'rl_validity',
  'rl_quarantine',
  'rl_dropped_days',
  'rl_connections',
  'rl_sessions',
  'rl_markets',
  'rl_ingest_cursor',
] as const

/** Written by learning and paper trading: no journal holds them, and a rebuild leaves them alone. */
export const LEARNING_TABLES = ['rl_models', 'rl_trading_episodes', 'rl_trading_actions'] as const

export const MIGRATIONS_TABLE = 'rl_schema_migrations'

export const TABLES = [...DERIVED_TABLES, ...LEARNING_TABLES, MIGRATIONS_TABLE] as const

export const VIEWS = [
  'rl_orderbook_deltas_v',
  'rl_orderbook_snapshots_v',
  'rl_trades_v',
  'rl_ticker_v',
  'rl_market_days_v',
] as const

export const FUNCTIONS = ['rl_levels(smallint[], bigint[], boolean)', 'rl_models_touch()'] as const
