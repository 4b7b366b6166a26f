/**
 * The course of a probe: some reads, some handshakes, then three connections that are watched. Read-only commands alone:
 * subscribe, update_subscription, list_subscriptions, unsubscribe, and four that are broken on purpose.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { openMarketsByVolume, openPlainSocket, RestClient, type SigningKey } from '#kalshi'
import { askKeyScopes } from '../service/key-scopes.ts'
import { askRest, type RestBase } from './ask-rest.ts'
import { asJson, type ConnectionName, type Seen, type SeenHandshake, type SeenRest } from './seen.ts'
import { FRAMES_MAX, WatchedSocket } from './watched-socket.ts'

export type ProbeOptions = {
  readonly wsUrl: string
  readonly apiUrl: string
  readonly key: SigningKey
  readonly keyId: string
  readonly forMs: number
  /** Tickers to watch, or how many of the open markets with the most volume. */
  readonly markets: readonly string[] | number
  readonly signal: AbortSignal
  /** A line for whoever waits. */
  readonly onStep: (step: string) => void
}

export class ProbeError extends Error {
  override readonly name = 'ProbeError'
  readonly code = 'FLOW_PROBE'
}

const BOOKS = 'orderbook_delta'
const PAGES_MAX = 5
const UNKNOWN_TICKER = 'KXNOSUCHMARKET-00JAN01-T0'
const ANSWER_MS = 1_500
/** How long the default of the flag is looked at. */
const UNSAID_MS_MAX = 10_000
/** Audits in all: each asks for every market once. */
const AUDITS = 12
const LOOK_MS = 100

export async function runProbe(options: ProbeOptions): Promise<Seen> {
  const { onStep, key, keyId, apiUrl } = options
  const base: RestBase = { apiUrl, key, keyId }
  onStep('asking over REST')
  const markets = await chooseMarkets(options)
  const { rest, settledTicker } = await readAll(base, markets)
  const { kind, ...scopes } = await askKeyScopes({ apiUrl, keyId }, key, options.signal)
  onStep('trying handshakes')
  const handshakes = await knock(options)
  if (options.signal.aborted) throw new ProbeError('it was ended before anything was watched, and nothing was written')
  if (handshakes.every(({ status }) => status !== 101))
    throw new ProbeError(
      `no handshake was let in (${handshakes[0]?.status} ${handshakes[0]?.body}): see \`kalshiflow doctor\``,
    )
  const connections = await watch(options, markets, settledTicker)
  return {
    connections,
    handshakes,
    rest,
    algorithm: key.algorithm,
    markets,
    unknownTicker: UNKNOWN_TICKER,
    settledTicker,
    scopes: `${kind}${'scopes' in scopes ? `: ${scopes.scopes.join(', ')}` : 'why' in scopes ? `: ${scopes.why}` : ''}`,
  }
}

async function chooseMarkets({ markets, apiUrl, key, keyId, signal }: ProbeOptions): Promise<readonly string[]> {
  if (typeof markets !== 'number') return markets
  const client = new RestClient({ baseUrl: apiUrl, key, keyId, clock: new SystemClock(), random: SYSTEM_RANDOM })
  const found = await openMarketsByVolume(client, markets, { pagesMax: PAGES_MAX, signal })
  if (found.markets.length === 0) throw new ProbeError('the exchange lists no open market: name some with --markets')
  return found.markets.map(({ ticker }) => ticker)
}

async function readAll(
  base: RestBase,
  markets: readonly string[],
): Promise<{ rest: SeenRest[]; settledTicker: string | undefined }> {
  const book = `/markets/${encodeURIComponent(markets[0]!)}/orderbook?depth=3`
  const some = [...markets.slice(0, 3), UNKNOWN_TICKER].map((each) => `tickers=${encodeURIComponent(each)}`).join('&')
  const asks: [name: string, path: string, isSigned: boolean][] = [
    ['status', '/exchange/status', true],
    ['limits', '/account/limits', true],
    ['book', book, true],
    ['book_unsigned', book, false],
    ['books', `/markets/orderbooks?${some}`, true],
    ['trades', '/markets/trades?limit=50', true],
    ['unknown_market', `/markets/${UNKNOWN_TICKER}`, true],
    ['settled', '/markets?status=settled&limit=1', true],
  ]
  const rest: SeenRest[] = []
  for (const [name, path, isSigned] of asks) rest.push(await askRest(base, { name, path, isSigned }))
  const list = asJson(rest.at(-1)?.body)['markets']
  const ticker = Array.isArray(list) ? asJson(list[0])['ticker'] : undefined
  return { rest, settledTicker: typeof ticker === 'string' ? ticker : undefined }
}

async function knock({ wsUrl, key, keyId, signal }: ProbeOptions): Promise<SeenHandshake[]> {
  const tries: [SeenHandshake['name'], Partial<Parameters<typeof openPlainSocket>[0]>][] = [
    ['signed', { key, keyId }],
    ['unsigned', {}],
    ['late_10s', { key, keyId, signedMs: Date.now() - 10_000 }],
    ['late_60s', { key, keyId, signedMs: Date.now() - 60_000 }],
    ['compressed', { key, keyId, offerCompression: true }],
  ]
  const seen: SeenHandshake[] = []
  for (const [name, more] of tries) {
    const startedMs = performance.now()
    const knocked = await openPlainSocket({ url: wsUrl, signal, ...more })
    if (knocked.kind === 'open') knocked.socket.close()
    seen.push({
      name,
      status: knocked.kind === 'open' ? 101 : knocked.kind === 'refused' ? knocked.status : 0,
      body: knocked.kind === 'open' ? '' : knocked.kind === 'refused' ? knocked.body : knocked.reason,
      extensions: knocked.kind === 'open' ? knocked.socket.extensions : '',
      tookMs: performance.now() - startedMs,
    })
    await sleep(LOOK_MS)
  }
  return seen
}

async function watch(options: ProbeOptions, markets: readonly string[], settledTicker: string | undefined) {
  const { wsUrl, key, keyId, forMs, signal, onStep } = options
  const yes = new WatchedSocket('yes')
  const no = new WatchedSocket('no')
  const unsaid = new WatchedSocket('unsaid')
  const connections = { yes, no, unsaid } satisfies Record<ConnectionName, WatchedSocket>
  const all = Object.values(connections)
  const endMs = performance.now() + forMs
  const isOver = () =>
    signal.aborted ||
    performance.now() >= endMs ||
    all.reduce((sum, { events }) => sum + events.length, 0) >= FRAMES_MAX
  try {
    for (const each of all) await each.open({ url: wsUrl, key, keyId, signal })
    onStep(`watching ${markets.length} markets`)
    for (const [socket, flag] of [
      [no, { use_yes_price: false }],
      [unsaid, {}],
    ] as const) {
      await socket.command('subscribe', { channels: [BOOKS], market_tickers: markets, ...flag })
      await socket.command('subscribe', { channels: ['trade', 'ticker'], market_tickers: markets })
    }
    await askEverything(yes, markets, settledTicker)
    const startedMs = performance.now()
    for (let audits = 1; !isOver(); ) {
      await sleep(LOOK_MS)
      if (unsaid.isOpen && performance.now() - startedMs > Math.min(UNSAID_MS_MAX, forMs / 3)) unsaid.close()
      if (performance.now() - startedMs < (audits * forMs) / (AUDITS + 2)) continue
      audits += 1
      await yes.command('update_subscription', { sids: [1], action: 'get_snapshot', market_tickers: markets })
      onStep(`watching: ${all.reduce((sum, { events }) => sum + events.length, 0)} frames`)
    }
    if (markets.length > 1)
      await yes.command('update_subscription', {
        sids: [1],
        action: 'delete_markets',
        market_tickers: [markets.at(-1)!],
      })
    await yes.command('unsubscribe', { sids: [1] })
    await sleep(ANSWER_MS)
    return connections
  } finally {
    for (const each of all) each.close()
  }
}

/** What is asked once, on the connection with YES prices. */
async function askEverything(
  yes: WatchedSocket,
  markets: readonly string[],
  settledTicker: string | undefined,
): Promise<void> {
  const [first, ...later] = markets
  await yes.command('subscribe', { channels: [BOOKS], market_tickers: [first], use_yes_price: true })
  await sleep(ANSWER_MS)
  await yes.command('subscribe', { channels: ['trade', 'ticker'], market_tickers: markets })
  await yes.command('subscribe', { channels: ['market_lifecycle_v2'] })
  const odd = [UNKNOWN_TICKER, ...(settledTicker === undefined ? [] : [settledTicker])]
  await yes.command('update_subscription', { sids: [1], action: 'add_markets', market_tickers: [...later, ...odd] })
  await yes.command('subscribe', { channels: [BOOKS], market_tickers: [first], use_yes_price: true })
  await yes.command('list_subscriptions')
  await yes.command('no_such_command')
  await yes.command('subscribe', { channels: ['no_such_channel'], market_tickers: [first] })
  await yes.command('update_subscription', { sids: [999999], action: 'add_markets', market_tickers: [first] })
  await yes.command('update_subscription', { sids: [1], action: 'no_such_action', market_tickers: [first] })
  await sleep(ANSWER_MS)
  await yes.command('update_subscription', { sids: [1], action: 'get_snapshot', market_tickers: markets })
}
