/** The tables of which there are few rows: columns and types of what is inserted or changed as JSON. */

/** A row that comes as JSON: column and type. */
export type JsonTable = { readonly name: string; readonly columns: Readonly<Record<string, string>> }

/** Rows of earlier transactions that get columns that they had not. `keys` say which row; the rest is set. */
export type ChangedTable = JsonTable & { readonly keys: readonly string[] }

const TOLD = {
  status: 'text',
  result: 'text',
  open_ms: 'bigint',
  close_ms: 'bigint',
  told_segment: 'integer',
  told_offset: 'bigint',
  told_ns: 'bigint',
}

export const MARKETS: JsonTable = {
  name: 'rl_markets',
  columns: {
    market_id: 'integer',
    journal_id: 'integer',
    ticker: 'text',
    first_segment: 'integer',
    first_offset: 'bigint',
    first_ns: 'bigint',
    ...TOLD,
  },
}

/** What the exchange said of a market that has a row. */
export const TOLD_MARKET: ChangedTable = {
  name: 'rl_markets',
  keys: ['market_id'],
  columns: { market_id: 'integer', ...TOLD },
}

export const SESSIONS: JsonTable = {
  name: 'rl_sessions',
  columns: {
    journal_id: 'integer',
    session: 'uuid',
    version: 'text',
    markets: 'text[]',
    started_segment: 'integer',
    started_offset: 'bigint',
    started_ns: 'bigint',
    stopped_segment: 'integer',
    stopped_offset: 'bigint',
    stopped_ns: 'bigint',
    reason: 'text',
    counts: 'jsonb',
  },
}

export const CONNECTIONS: JsonTable = {
  name: 'rl_connections',
  columns: {
    journal_id: 'integer',
    connection: 'integer',
    session: 'uuid',
    host: 'text',
    environment: 'text',
    use_yes_price: 'boolean',
    orientation: 'text',
    opened_segment: 'integer',
    opened_offset: 'bigint',
    opened_ns: 'bigint',
    lost_segment: 'integer',
    lost_offset: 'bigint',
    lost_ns: 'bigint',
    cause: 'text',
    detail: 'text',
    close_code: 'integer',
    last_proof_ns: 'bigint',
    last_proof_kind: 'text',
  },
}

export const LIFECYCLE: JsonTable = {
  name: 'rl_market_lifecycle',
  columns: {
    journal_id: 'integer',
    segment: 'integer',
    offset: 'bigint',
    received_ns: 'bigint',
    connection: 'integer',
    market_id: 'integer',
    event_ticker: 'text',
    event_type: 'text',
    body: 'jsonb',
  },
}

export const COVERAGE: JsonTable = {
  name: 'rl_market_coverage',
  columns: {
    market_id: 'integer',
    connection: 'integer',
    from_segment: 'integer',
    from_offset: 'bigint',
    from_ns: 'bigint',
    to_segment: 'integer',
    to_offset: 'bigint',
    to_ns: 'bigint',
  },
}

export const AUDITS: JsonTable = {
  name: 'rl_audits',
  columns: {
    market_id: 'integer',
    segment: 'integer',
    offset: 'bigint',
    received_ns: 'bigint',
    connection: 'integer',
    sid: 'integer',
    seq: 'bigint',
    matched: 'boolean',
    result: 'text',
    levels_wrong: 'integer',
    ours: 'jsonb',
    theirs: 'jsonb',
  },
}

export const ENDED_SESSION: ChangedTable = {
  name: 'rl_sessions',
  keys: ['journal_id', 'session'],
  columns: {
    journal_id: 'integer',
    session: 'uuid',
    stopped_segment: 'integer',
    stopped_offset: 'bigint',
    stopped_ns: 'bigint',
    reason: 'text',
    counts: 'jsonb',
  },
}

export const CHANGED_CONNECTION: ChangedTable = {
  name: 'rl_connections',
  keys: ['journal_id', 'connection'],
  columns: {
    journal_id: 'integer',
    connection: 'integer',
    orientation: 'text',
    lost_segment: 'integer',
    lost_offset: 'bigint',
    lost_ns: 'bigint',
    cause: 'text',
    detail: 'text',
    close_code: 'integer',
    last_proof_ns: 'bigint',
    last_proof_kind: 'text',
  },
}

export const ENDED_GAP: ChangedTable = {
  name: 'rl_gaps',
  keys: ['journal_id', 'found_segment', 'found_offset', 'market_id', 'cause'],
  columns: {
    journal_id: 'integer',
    found_segment: 'integer',
    found_offset: 'bigint',
    market_id: 'integer',
    cause: 'text',
    to_segment: 'integer',
    to_offset: 'bigint',
    to_ns: 'bigint',
    closed_by: 'text',
  },
}

export const ENDED_COVERAGE: ChangedTable = {
  name: 'rl_market_coverage',
  keys: ['market_id', 'from_segment', 'from_offset'],
  columns: {
    market_id: 'integer',
    from_segment: 'integer',
    from_offset: 'bigint',
    to_segment: 'integer',
    to_offset: 'bigint',
    to_ns: 'bigint',
  },
}

export const ENDED_VALIDITY: ChangedTable = {
  name: 'rl_validity',
  keys: ['market_id', 'from_segment', 'from_offset'],
  columns: {
    market_id: 'integer',
    from_segment: 'integer',
    from_offset: 'bigint',
    to_segment: 'integer',
    to_offset: 'bigint',
    to_ns: 'bigint',
    cause: 'text',
    found_segment: 'integer',
    found_offset: 'bigint',
  },
}
