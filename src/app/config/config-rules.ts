/**
 * What must hold between settings. Pure: takes those that could be read, so that a fault in one hides none in another.
 */
import { environmentOf } from '#domain'
import type { ConfigFault } from './config-error.ts'
import { DEAD_HOSTS, isLoopback, isPrivateHost } from './config-exchange.ts'
import type { Settings } from './config-settings.ts'

/** Kalshi pings every 10 s (asyncapi.yaml, read autumn 2026); a limit must leave room for one that is late. */
const KALSHI_PING_SILENCE_MS_MIN = 15_000

/** The faults of settings that do not go together. `needsKey`: whether a connection to Kalshi itself will be made. */
export function checkRules(read: Partial<Settings>, needsKey: boolean): ConfigFault[] {
  return [
    ...keyFaults(read, needsKey),
    ...addressFaults(read),
    ...limitFaults(read),
    ...archiveFaults(read),
    ...serviceFaults(read),
    ...alertFaults(read),
  ]
}

function* keyFaults(read: Partial<Settings>, needsKey: boolean): Generator<ConfigFault> {
  const path = read.KALSHI_PRIVATE_KEY_PATH !== undefined
  const content = read.KALSHI_PRIVATE_KEY_CONTENT !== undefined
  const id = read.KALSHI_API_KEY_ID !== undefined
  if (path && content) {
    yield {
      name: 'KALSHI_PRIVATE_KEY_CONTENT',
      found: 'KALSHI_PRIVATE_KEY_PATH set as well',
      needed: 'one of the two, since they may be two keys',
      remedy: 'Remove one of them.',
    }
  }
  const environment = read.KALSHI_WS_URL === undefined ? 'sim' : environmentOf(read.KALSHI_WS_URL.hostname)
  const needed = needsKey && environment !== 'sim'
  const why = needed
    ? `Kalshi takes no connection without a key (${read.KALSHI_WS_URL!.hostname}, ${environment})`
    : undefined
  if (!path && !content && (id || needed)) {
    yield {
      name: 'KALSHI_PRIVATE_KEY_PATH',
      needed: why === undefined ? 'the private key of KALSHI_API_KEY_ID' : `a private key: ${why}`,
      remedy: needed
        ? 'Make a read-only API key at Kalshi and name its PEM file, or start with --sim.'
        : 'Name its PEM file, or remove KALSHI_API_KEY_ID.',
    }
  }
  if (!id && (path || content || needed)) {
    yield {
      name: 'KALSHI_API_KEY_ID',
      needed: why === undefined ? 'the id of the private key that is set' : `the id of an API key: ${why}`,
      remedy: 'Copy the id that Kalshi shows beside the key.',
    }
  }
}

function* addressFaults(read: Partial<Settings>): Generator<ConfigFault> {
  for (const name of ['KALSHI_WS_URL', 'KALSHI_API_URL'] as const) {
    const url = read[name]
    if (url === undefined) continue
    const secure = name === 'KALSHI_WS_URL' ? 'wss:' : 'https:'
    if (DEAD_HOSTS.includes(url.hostname)) {
      yield {
        name,
        found: url.href,
        needed: 'a host that Kalshi still runs; this one is gone',
        remedy: `Use ${name === 'KALSHI_WS_URL' ? 'external-api-ws.kalshi.com' : 'external-api.kalshi.com'}, or remove the line to take the default.`,
      }
    }
    if (url.protocol !== secure && (environmentOf(url.hostname) !== 'sim' || !isPrivateHost(url.hostname))) {
      yield {
        name,
        found: url.href,
        needed: `${secure}// to any host outside this machine and its private network`,
        remedy: `Write ${secure}// instead of ${url.protocol}//.`,
      }
    }
  }
  const { KALSHI_WS_URL: websocket, KALSHI_API_URL: api } = read
  if (websocket === undefined || api === undefined) return
  const [one, other] = [environmentOf(websocket.hostname), environmentOf(api.hostname)]
  if (one !== other) {
    yield {
      name: 'KALSHI_API_URL',
      found: `${api.href} (${other})`,
      needed: `an address of the same environment as KALSHI_WS_URL (${one})`,
      remedy: 'Remove KALSHI_API_URL to let it follow KALSHI_WS_URL, or correct one of the two.',
    }
  }
}

function* limitFaults(read: Partial<Settings>): Generator<ConfigFault> {
  const { RL_ORDERBOOK_BATCH_SIZE: batch, RL_ORDERBOOK_MAX_QUEUE_SIZE: queue } = read
  if (batch !== undefined && queue !== undefined && batch > queue) {
    yield {
      name: 'RL_ORDERBOOK_BATCH_SIZE',
      found: `${batch}, with RL_ORDERBOOK_MAX_QUEUE_SIZE ${queue}`,
      needed: 'a batch that fits in the queue',
      remedy: 'Lower the batch or raise the queue.',
    }
  }
  const {
    RL_MARKET_TICKERS: markets,
    KALSHIFLOW_MARKETS_PER_CONNECTION: each,
    KALSHIFLOW_CONNECTIONS_MAX: connections,
  } = read
  if (markets !== undefined && each !== undefined && connections !== undefined && markets.length > each * connections) {
    yield {
      name: 'RL_MARKET_TICKERS',
      found: `${markets.length} markets`,
      needed: `at most ${each * connections}: ${each} on each of ${connections} connections`,
      remedy: 'Raise KALSHIFLOW_MARKETS_PER_CONNECTION or KALSHIFLOW_CONNECTIONS_MAX, or name fewer markets.',
    }
  }
  const { KALSHI_WS_URL: websocket, KALSHIFLOW_PING_SILENCE_MS: silenceMs } = read
  if (websocket === undefined || silenceMs === undefined) return
  if (environmentOf(websocket.hostname) !== 'sim' && silenceMs < KALSHI_PING_SILENCE_MS_MIN) {
    yield {
      name: 'KALSHIFLOW_PING_SILENCE_MS',
      found: String(silenceMs),
      needed: `${KALSHI_PING_SILENCE_MS_MIN} or more at Kalshi, which pings every 10000 ms`,
      remedy: 'Raise it, or remove the line to take 25000.',
    }
  }
}

function* archiveFaults(read: Partial<Settings>): Generator<ConfigFault> {
  const { KALSHIFLOW_ARCHIVE_TO: to, KALSHIFLOW_KEEP_DAYS: days, KALSHIFLOW_SEAL: seal } = read
  if (days !== undefined && to === undefined) {
    yield {
      name: 'KALSHIFLOW_KEEP_DAYS',
      found: `${days}, and no KALSHIFLOW_ARCHIVE_TO`,
      needed: 'an archive: the last copy is never removed',
      remedy: 'Name an archive, or remove the line to keep everything.',
    }
  }
  if (to !== undefined && seal === false) {
    yield {
      name: 'KALSHIFLOW_SEAL',
      found: 'false, with KALSHIFLOW_ARCHIVE_TO',
      needed: 'true: only sealed files are archived, since they carry their digests',
      remedy: 'Remove one of the two.',
    }
  }
}

function* serviceFaults(read: Partial<Settings>): Generator<ConfigFault> {
  const { KALSHIFLOW_HOST: host, KALSHIFLOW_READ_TOKEN: readToken, KALSHIFLOW_ADMIN_TOKEN: adminToken } = read
  if (host !== undefined && !isLoopback(host) && readToken === undefined) {
    yield {
      name: 'KALSHIFLOW_READ_TOKEN',
      needed: `a token, since KALSHIFLOW_HOST ${host} can be reached from other machines`,
      remedy: 'Set one (`openssl rand -hex 32` makes it), or listen on 127.0.0.1.',
    }
  }
  if (readToken !== undefined && readToken.reveal() === adminToken?.reveal()) {
    yield {
      name: 'KALSHIFLOW_ADMIN_TOKEN',
      found: 'the same text as KALSHIFLOW_READ_TOKEN',
      needed: 'another one, since readers would be admins',
      remedy: 'Make another one with `openssl rand -hex 32`.',
    }
  }
}

const ALERT_ADDRESSES = [
  'KALSHIFLOW_ALERT_WEBHOOK_URL',
  'KALSHIFLOW_ALERT_SLACK_URL',
  'KALSHIFLOW_DEADMAN_URL',
] as const
const MAIL = ['KALSHIFLOW_ALERT_SMTP_URL', 'KALSHIFLOW_ALERT_MAIL_FROM', 'KALSHIFLOW_ALERT_MAIL_TO'] as const

function* alertFaults(read: Partial<Settings>): Generator<ConfigFault> {
  for (const name of ALERT_ADDRESSES) {
    const url = read[name] && new URL(read[name].reveal())
    if (url?.protocol === 'http:' && !isPrivateHost(url.hostname)) {
      yield {
        name,
        found: `http:// to ${url.hostname}`,
        needed: 'https:// to any host outside this machine and its private network, since the address is a secret',
        remedy: 'Write https:// instead of http://.',
      }
    }
  }
  const missing = MAIL.filter((name) => read[name] === undefined)
  if (missing.length > 0 && missing.length < MAIL.length) {
    yield {
      name: missing[0]!,
      needed: `all of ${MAIL.join(', ')}, or none`,
      remedy: 'Set it, or remove the others.',
    }
  }
  if (read.KALSHIFLOW_ALERT_WEBHOOK_SECRET !== undefined && read.KALSHIFLOW_ALERT_WEBHOOK_URL === undefined) {
    yield {
      name: 'KALSHIFLOW_ALERT_WEBHOOK_URL',
      needed: 'the webhook whose messages KALSHIFLOW_ALERT_WEBHOOK_SECRET signs',
      remedy: 'Set it, or remove the secret.',
    }
  }
}
