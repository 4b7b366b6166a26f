/**
 * Names that look like ours and are not: those of the original that have no meaning here, and mistyped ones.
 *
 * They stop nothing, for an environment may hold another program's names; but a setting that is not taken is told of.
 * Values are never looked at: a mistyped name may hold a key.
 */
import type { ConfigNotice } from './config-error.ts'
import { isSettingName, SETTING_NAMES } from './config-settings.ts'

const OURS = /^(KALSHIFLOW|KALSHI|RL)_/i

/** Why each name of the original is passed over. */
const RETIRED: Readonly<Record<string, string>> = {
  DATABASE_URL_POOLED:
    'the store keeps its place in its own transaction and works behind a pooler too, so DATABASE_URL is enough',
  RL_WEBSOCKET_PING_INTERVAL:
    'Kalshi sends the pings and we answer them; KALSHIFLOW_PING_SILENCE_MS is how long they may stay away',
  RL_WEBSOCKET_TIMEOUT: 'a connection is judged by the exchange’s own pings; KALSHIFLOW_PING_SILENCE_MS is the limit',
  RL_WEBSOCKET_RECONNECT_DELAY: 'the wait before a new connection grows and varies by itself',
  RL_MAX_RECONNECT_ATTEMPTS: 'a recorder never gives up connecting; the hole is written down until it succeeds',
  RL_DB_POOL_MIN_SIZE: 'the store writes through one connection, in order',
  RL_DB_POOL_MAX_SIZE: 'the store writes through one connection, in order',
  RL_DB_POOL_TIMEOUT: 'each transaction of the store sets its own timeouts',
  RL_LOG_FORMAT: 'log lines are events with fields; LOG_FORMAT chooses pretty or json',
  RL_MODEL_STORAGE_PATH: 'there is no trainer yet, and models will live in KALSHIFLOW_DATA',
  RL_MODEL_REFRESH_INTERVAL: 'there is no trainer yet',
  RL_TRAINING_WINDOW_HOURS: 'there is no trainer yet',
  RL_MAX_EPISODE_STEPS: 'there is no trainer yet',
  RL_MARKET_MODE: 'without RL_MARKET_TICKERS the open markets with the most volume are recorded',
  KALSHI_PAPER_TRADING_API_KEY_ID:
    'one process has one exchange; set KALSHI_API_KEY_ID and a demo KALSHI_WS_URL for demo',
  KALSHI_PAPER_TRADING_PRIVATE_KEY_CONTENT:
    'one process has one exchange; set KALSHI_PRIVATE_KEY_CONTENT and a demo KALSHI_WS_URL for demo',
  KALSHI_PAPER_TRADING_WS_URL: 'one process has one exchange; set KALSHI_WS_URL',
  KALSHI_PAPER_TRADING_API_URL: 'one process has one exchange; set KALSHI_WS_URL, REST follows it',
}

/** Names that many programs use: told of only where they stand in our own `.env`. */
const RETIRED_IN_FILE: Readonly<Record<string, string>> = {
  ENVIRONMENT: 'the environment follows from the host in KALSHI_WS_URL',
  DEBUG: 'RL_LOG_LEVEL=debug shows more',
  ORDERBOOK_MARKET_LIMIT: '--max-markets limits how many markets are chosen',
}

/** One notice for each name that was set and is not taken. */
export function noticeNames(environment: readonly string[], dotenv: readonly string[]): ConfigNotice[] {
  const inFile = new Set(dotenv)
  const names = [...new Set([...environment, ...dotenv])].filter((name) => !isSettingName(name)).sort()
  return names.flatMap((name) => {
    const text = noticeOf(name, inFile.has(name))
    return text === undefined ? [] : [{ name, text }]
  })
}

function noticeOf(name: string, inFile: boolean): string | undefined {
  const retired = ownText(RETIRED, name) ?? (inFile ? ownText(RETIRED_IN_FILE, name) : undefined)
  if (retired !== undefined) return `${name} has no meaning here: ${retired}.`
  const near = nearest(name)
  const meant = near === undefined ? '.' : `; did you mean ${near}?`
  const told = OURS.test(name) || (inFile && near !== undefined)
  return told ? `${name} is no setting of ours and is passed over${meant}` : undefined
}

const ownText = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined

function nearest(name: string): string | undefined {
  const upper = name.toUpperCase()
  let best: string | undefined
  let bestEdits = Math.min(5, Math.floor(upper.length / 4)) + 1
  for (const each of SETTING_NAMES) {
    const edits = editDistance(upper, each)
    if (edits < bestEdits) [best, bestEdits] = [each, edits]
  }
  return best
}

/** Insertions, removals and changes that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
