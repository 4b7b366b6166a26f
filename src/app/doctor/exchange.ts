/**
 * Whether the exchange answers over REST and lets the key in on its WebSocket, and whether it trades now. One socket is
 * opened and closed again; nothing is subscribed.
 */
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { loadKey, openPlainSocket, RestClient, RestError, type SigningKey } from '#kalshi'
import { isRecording } from '../recorder/data-lock.ts'
import { bad, type Check, type Finding, good, skipped, warn } from './check.ts'
import type { Surroundings } from './surroundings.ts'

export const exchange: Check = {
  name: 'exchange',
  limitMs: 60_000,
  async look(surroundings, signal) {
    const { config, isOffline } = surroundings
    if (!config.exchangeChosen) return skipped('no exchange is configured')
    if (isOffline) return skipped('offline')
    const key = keyOf(surroundings)
    const rest = await askStatus(surroundings, key, signal)
    if (typeof rest !== 'string') return rest
    const { wsUrl, keyId, key: source } = config.exchange
    if (source !== undefined && key === undefined) return skipped(`REST answers; the key cannot be read`)
    const socket = await openPlainSocket({ url: wsUrl, key, keyId, signal })
    const host = new URL(wsUrl).host
    if (socket.kind === 'open') {
      socket.socket.close()
      const found = `REST and WebSocket of ${host} answer; handshake in ${Math.round(socket.tookMs)} ms`
      if (rest === 'trading') return good(found, { handshake_ms: Math.round(socket.tookMs) })
      return warn({
        found: `${found}; ${rest}`,
        needed: 'trading, for books that change',
        remedy:
          'Wait: the weekly pause is Thursday 03:00 to 05:00 in New York. A recorder may be started all the same.',
      })
    }
    return explain(socket, host, surroundings)
  },
}

function keyOf({ config: { exchange: told } }: Surroundings): SigningKey | undefined {
  if (told.key === undefined) return undefined
  try {
    return loadKey('path' in told.key ? told.key : { content: told.key.content.reveal() }).key
  } catch {
    return undefined
  }
}

/** `trading`, what else it says, or what is wrong. */
async function askStatus(
  { config }: Surroundings,
  key: SigningKey | undefined,
  signal: AbortSignal,
): Promise<string | Finding> {
  const { apiUrl, keyId } = config.exchange
  const signed = key === undefined || keyId === undefined ? {} : { key, keyId }
  const client = new RestClient({ baseUrl: apiUrl, ...signed, clock: new SystemClock(), random: SYSTEM_RANDOM })
  try {
    const { exchangeActive, tradingActive, resumesAt } = await client.status({ signal })
    if (exchangeActive && tradingActive) return 'trading'
    const until = resumesAt === undefined ? '' : `, until ${resumesAt}`
    return exchangeActive ? `trading is paused${until}` : `the exchange is paused${until}`
  } catch (error) {
    if (!(error instanceof RestError)) throw error
    return bad({
      found: error.message,
      needed: 'an answer to /exchange/status',
      remedy:
        error.code === 'FLOW_REST_REFUSED'
          ? 'Check that key id, key and host belong to one environment, and that this clock is right.'
          : 'Check the address, the network and any proxy or firewall before it.',
    })
  }
}

function explain(
  refusal: { readonly kind: 'refused'; status: number; body: string } | { readonly kind: 'failed'; reason: string },
  host: string,
  { dataFolder }: Surroundings,
): Finding {
  if (refusal.kind === 'failed') {
    return bad({
      found: `no WebSocket to ${host}: ${refusal.reason}`,
      needed: 'an open WebSocket',
      remedy: 'Check KALSHI_WS_URL, and that no proxy or firewall stands in between.',
    })
  }
  const found = `the WebSocket handshake at ${host} was answered HTTP ${refusal.status}: ${printable(refusal.body)}`
  if (refusal.status === 429 && isRecording(dataFolder))
    return warn({
      found,
      needed: 'room for one more connection',
      remedy: 'Nothing: a recorder runs here and holds the connections of this user.',
    })
  const remedy =
    refusal.status === 401 || refusal.status === 403
      ? 'Check that key id, key and host belong to one environment, and that this clock is right.'
      : refusal.status === 429
        ? 'Too many connections of this user: stop other programs with this account, or wait.'
        : 'Check KALSHI_WS_URL, its path included.'
  return bad({ found, needed: 'HTTP 101', remedy })
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 160)
