/**
 * The ledger from the rows that the store made of it: quicker than folding the journal anew, and as far as the database has
 * come. The same holes and figures: they were decided by the same code (#ledger).
 */
import type pg from 'pg'
import { FileDisk, listSegments } from '#journal'
import { type ClosedBy, type Gap, holesOf, type MarketTimes, msOfNs, type Place } from '#ledger'
import { StoreError } from '#store'
import type { LedgerView, ViewedMarket } from './ledger-view.ts'

export type ReadRowsOptions = {
  readonly schema: string
  /** The journal's folder: which of the schema's journals is meant. */
  readonly journal: string
  /** Unix ms; without them all. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly isRecording: boolean
  readonly nowMs: number
}

type Row = Record<string, string | number | null>

const BEGINNING_NS = 0n
const END_NS = 2n ** 63n - 1n

/** Throws FLOW_STORE_OTHER_JOURNAL when the schema holds nothing of it. */
export async function readLedgerRows(client: pg.Client, options: ReadRowsOptions): Promise<LedgerView> {
  const { schema, journal: folder, isRecording } = options
  const at = (table: string) => `${client.escapeIdentifier(schema)}.${table}`
  const query = async (sql: string, values: unknown[]) => (await client.query<Row>(sql, values)).rows
  const journal = (await listSegments(new FileDisk(), folder)).find((each) => each.journal !== undefined)?.journal
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  try {
    const [table] = await query('SELECT pg_catalog.to_regclass($1) AS name', [at('rl_ingest_cursor')])
    const [cursor] =
      table?.['name'] === null
        ? []
        : await query(`SELECT * FROM ${at('rl_ingest_cursor')} WHERE journal = $1::uuid`, [journal ?? null])
    if (cursor === undefined) {
      throw new StoreError(
        'FLOW_STORE_OTHER_JOURNAL',
        `The schema '${schema}' holds nothing of the journal in ${folder}: read it with --source journal, or store it with \`kalshiflow db rebuild\`.`,
        { schema, needed: journal ?? '' },
      )
    }
    const id = cursor['journal_id']
    const range = [id, String(nsOf(options.fromMs, BEGINNING_NS)), String(nsOf(options.toMs, END_NS))]
    const touches = '(to_ns IS NULL OR to_ns >= $2) AND from_ns <= $3'
    const markets = await query(
      `SELECT market_id, ticker, open_ms, close_ms, status, result FROM ${at('rl_markets')} WHERE journal_id = $1`,
      [id],
    )
    const gaps = await query(
      `SELECT * FROM ${at('rl_gaps')} WHERE journal_id = $1 AND ${touches} ORDER BY found_segment, found_offset, market_id`,
      range,
    )
    const wanted = await query(
      `SELECT v.* FROM ${at('rl_market_coverage')} v JOIN ${at('rl_markets')} m USING (market_id)
       WHERE m.journal_id = $1 AND ${touches} ORDER BY from_segment, from_offset`,
      range,
    )
    const valid = await query(
      `SELECT v.*, (SELECT max(a.received_ns) FROM ${at('rl_audits')} a WHERE a.market_id = v.market_id
         AND a.connection = v.connection AND a.result <> 'mismatched'
         AND (a.segment, a."offset") >= (v.from_segment, v.from_offset)
         AND (v.to_segment IS NULL OR (a.segment, a."offset") <= (v.to_segment, v.to_offset))) AS verified_ns
       FROM ${at('rl_validity')} v JOIN ${at('rl_markets')} m USING (market_id)
       WHERE m.journal_id = $1 AND ${touches} ORDER BY from_segment, from_offset`,
      range,
    )
    const [run] = await query(
      `SELECT stopped_ns FROM ${at('rl_sessions')} WHERE journal_id = $1 ORDER BY started_segment DESC, started_offset DESC LIMIT 1`,
      [id],
    )
    return viewOf(
      { cursor, markets, gaps, wanted, valid },
      run !== undefined && run['stopped_ns'] === null && !isRecording,
      { isRecording, nowMs: options.nowMs },
    )
  } finally {
    await client.query('ROLLBACK')
  }
}

type Rows = {
  readonly cursor: Row
  readonly markets: readonly Row[]
  readonly gaps: readonly Row[]
  readonly wanted: readonly Row[]
  readonly valid: readonly Row[]
}

function viewOf(
  { cursor, markets: rows, gaps: gapRows, wanted, valid }: Rows,
  hasDied: boolean,
  { isRecording, nowMs }: Pick<ReadRowsOptions, 'isRecording' | 'nowMs'>,
): LedgerView {
  const lastNs = BigInt(cursor['received_ns'] ?? 0)
  const position = { segment: Number(cursor['segment']), offset: Number(cursor['offset']) }
  const untilMs = hasDied ? Math.max(nowMs, msOfNs(lastNs)) : msOfNs(lastNs)
  const markets = new Map<number, ViewedMarket>()
  for (const row of rows) {
    const market = String(row['ticker'])
    markets.set(Number(row['market_id']), { market, wanted: [], valid: [], times: timesOf(row) })
  }
  const of = (row: Row) => markets.get(Number(row['market_id']))
  const gaps = gapRows.map((row) => gapOf(row, row['market_id'] === null ? undefined : of(row)?.market))
  for (const row of wanted) of(row)?.wanted.push({ fromMs: msOf(row['from_ns']), toMs: endOf(row['to_ns']) })
  for (const row of valid) {
    const fromMs = msOf(row['from_ns'])
    const toMs = endOf(row['to_ns'])
    const verifiedMs = Math.min(toMs ?? Number.POSITIVE_INFINITY, Math.max(fromMs, endOf(row['verified_ns']) ?? fromMs))
    const isCut = hasDied && toMs === undefined
    of(row)?.valid.push({ fromMs, toMs: isCut ? msOfNs(lastNs) : toMs, verifiedMs })
    // Nobody has written down yet that the recorder died: the next run will.
    const market = of(row)?.market
    if (isCut) gaps.push(deathOf(market, Number(row['connection']), { ...position, receivedNs: lastNs }))
  }
  const byTicker = new Map([...markets.values()].map((each) => [each.market, each.times]))
  const closes = (market: string) => ({ closeMs: byTicker.get(market)?.closeMs })
  const seen = [...markets.values()].filter((each) => each.wanted.length > 0 || each.valid.length > 0)
  return {
    source: 'database',
    holes: holesOf(gaps, closes, untilMs),
    markets: seen,
    untilMs,
    nowMs: isRecording ? untilMs : Math.max(nowMs, untilMs),
    position,
    hasDied,
  }
}

const timesOf = (row: Row): MarketTimes => ({
  openMs: row['open_ms'] === null ? undefined : Number(row['open_ms']),
  closeMs: row['close_ms'] === null ? undefined : Number(row['close_ms']),
  status: textOf(row['status']),
  result: textOf(row['result']),
})

const gapOf = (row: Row, market: string | undefined): Gap<string> => ({
  market,
  connection: row['connection'] === null ? undefined : Number(row['connection']),
  sid: row['sid'] === null ? undefined : Number(row['sid']),
  cause: String(row['cause']),
  detail: textOf(row['detail']),
  found: placeOf(row, 'found'),
  fromNs: BigInt(row['from_ns'] ?? 0),
  fromKind: String(row['from_kind']),
  to: row['to_ns'] === null ? undefined : placeOf(row, 'to'),
  closedBy: (textOf(row['closed_by']) as ClosedBy | undefined) ?? (row['to_ns'] === null ? undefined : 'snapshot'),
})

const deathOf = (market: string | undefined, connection: number, found: Place): Gap<string> => ({
  ...{ market, connection, sid: undefined, cause: 'process_down', detail: undefined, found },
  ...{ fromNs: found.receivedNs, fromKind: 'durable', to: undefined, closedBy: undefined },
})

const placeOf = (row: Row, name: string): Place => ({
  segment: Number(row[`${name}_segment`]),
  offset: Number(row[`${name}_offset`]),
  receivedNs: BigInt(row[`${name}_ns`] ?? 0),
})

type Value = string | number | null | undefined

const textOf = (value: Value): string | undefined => (typeof value === 'string' ? value : undefined)
const msOf = (ns: Value): number => msOfNs(BigInt(ns ?? 0))
const endOf = (ns: Value): number | undefined => (ns === null || ns === undefined ? undefined : msOf(ns))
const nsOf = (ms: number | undefined, otherwise: bigint): bigint =>
  ms === undefined || !Number.isFinite(ms) ? otherwise : BigInt(Math.floor(ms)) * 1_000_000n
