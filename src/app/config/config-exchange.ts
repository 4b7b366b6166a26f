/**
 * Where REST stands for a WebSocket address, and which hosts may be spoken to without encryption.
 *
 * Hosts: docs.kalshi.com/getting_started/api_environments, read 2026-08. Two older names are dead: one redirects, one has
 * no DNS entry (probed by others, 2026-05).
 */
import { environmentOf } from '#domain'

export const API_PATH = '/trade-api/v2'

const API_HOSTS: ReadonlyMap<string, string> = new Map([
  ['external-api-ws.kalshi.com', 'external-api.kalshi.com'],
  ['api.elections.kalshi.com', 'api.elections.kalshi.com'],
  ['external-api-ws.demo.kalshi.co', 'external-api.demo.kalshi.co'],
  ['demo-api.kalshi.co', 'demo-api.kalshi.co'],
])

const FALLBACK_HOST = { prod: 'external-api.kalshi.com', demo: 'external-api.demo.kalshi.co' } as const

export const DEAD_HOSTS: readonly string[] = ['trading-api.kalshi.com', 'api.kalshi.com']

/** The REST base of the exchange that this WebSocket belongs to; for one that is not Kalshi's, the same host and port. */
export function apiUrlFor(websocket: URL): URL {
  const environment = environmentOf(websocket.hostname)
  if (environment !== 'sim') {
    return new URL(`https://${API_HOSTS.get(websocket.hostname) ?? FALLBACK_HOST[environment]}${API_PATH}`)
  }
  return new URL(`${websocket.protocol === 'wss:' ? 'https' : 'http'}://${websocket.host}${API_PATH}`)
}

/** Whether a host to listen on is this machine itself: nobody else reaches it there. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host)

/**
 * Whether a host stays on this machine or inside a private network: loopback, private and link-local addresses, names
 * without a dot (another container), `.local` and `.internal`. Only to such a host may a plain address lead.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  if (name.startsWith('[')) return /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/.test(name)
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    return /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(name)
  }
  return !name.includes('.') || /\.(localhost|local|internal)$/.test(name)
}
