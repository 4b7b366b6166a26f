/** A world to trade in, for tests: many frames, short lives. What a client hears is read with the plain model of support.ts. */
import type { ExchangeOptions, RunningExchange } from '#exchange'
import { type Client, type Frame, openExchange, signedHeaders } from './support.ts'

/** An exchange that trades, on a free port. */
export const openWorld = (options: Partial<ExchangeOptions> = {}): Promise<RunningExchange> =>
  openExchange({ capture: undefined, markets: 12, ratePerSecond: 500, seed: 7, ...options } as Partial<ExchangeOptions>)

/** Markets that open now live ten seconds; those that are open have one left. */
export const SHORT_LIFE = { lifeMs: [10_000, 10_000], ageMs: 9_000 } as const

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered.
export type Answer = { readonly status: number; readonly body: any; readonly headers: Headers }

/** A request that is signed, so that no answer of some seconds ago comes back. */
export async function getSigned(exchange: RunningExchange, path: string, keyId = 'any-key-id'): Promise<Answer> {
  const text = `GET/trade-api/v2${path.split('?')[0]}`
  const headers = { ...signedHeaders(exchange.keyPem, Date.now(), text), 'KALSHI-ACCESS-KEY': keyId }
  return answerOf(await fetch(`${exchange.restUrl}${path}`, { headers }))
}

export const getUnsigned = async (exchange: RunningExchange, path: string): Promise<Answer> =>
  answerOf(await fetch(`${exchange.restUrl}${path}`))

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** Commands with ids of their own. */
export const subscribeTo = (id: number, channels: readonly string[], params: object = {}) => ({
  id,
  cmd: 'subscribe',
  params: { channels, ...params },
})

export const updateOf = (id: number, sid: number, action: string, params: object = {}) => ({
  id,
  cmd: 'update_subscription',
  params: { sid, action, ...params },
})

export const framesOf = (client: Client, type: string): readonly Frame[] =>
  client.frames.filter((frame) => frame.type === type)

export const sidOf = async (client: Client, channel: string): Promise<number> =>
  (await client.seen(({ type, msg }) => type === 'subscribed' && msg.channel === channel)).msg.sid
