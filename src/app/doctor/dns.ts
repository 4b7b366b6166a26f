/** Whether the names of the exchange lead anywhere, and how long asking takes. */
import { lookup } from 'node:dns/promises'
import { bad, type Check, good, skipped, warn } from './check.ts'

/** A reconnect waits for it each time. */
const SLOW_MS = 1_000

export const dns: Check = {
  name: 'dns',
  limitMs: 15_000,
  async look({ config: { exchange, exchangeChosen }, isOffline }) {
    if (!exchangeChosen) return skipped('no exchange is configured')
    const hosts = [...new Set([exchange.wsUrl, exchange.apiUrl].map((url) => new URL(url).hostname))]
    const names = hosts.filter((host) => !isAddress(host))
    if (names.length === 0) return skipped(`${hosts.join(', ')} is an address, no name`)
    if (isOffline) return skipped('offline')
    const told: string[] = []
    let slowestMs = 0
    for (const name of names) {
      const startedMs = performance.now()
      try {
        const addresses = await lookup(name, { all: true })
        const ms = Math.round(performance.now() - startedMs)
        slowestMs = Math.max(slowestMs, ms)
        told.push(`${name} in ${ms} ms (${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'})`)
      } catch (error) {
        const { code = 'unknown' } = error as NodeJS.ErrnoException
        return bad({
          found: `${name} is not found (${code})`,
          needed: 'its address',
          remedy: 'Correct KALSHI_WS_URL or KALSHI_API_URL, or mend the network or its name server.',
        })
      }
    }
    const found = told.join('; ')
    if (slowestMs < SLOW_MS) return good(found, { slowest_ms: slowestMs })
    return warn({
      found,
      needed: `an answer within ${SLOW_MS} ms: each new connection waits for it`,
      remedy: 'Use a nearer name server, or one that keeps answers.',
    })
  },
}

const isAddress = (host: string): boolean => /^[\d.]+$|^\[/.test(host) || host === 'localhost'
