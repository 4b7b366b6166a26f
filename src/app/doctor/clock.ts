/**
 * This machine's clock: against the exchange's answers where there is an exchange, and whether anything keeps it right.
 * Kalshi refuses signatures that are about a minute off, and every receive stamp and message age is as good as the clock.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { RestClient } from '#kalshi'
import { askClock } from '../clock/ask-clock.ts'
import { CLOCK_OFF_MS } from '../service/troubles.ts'
import { bad, type Check, good, warn } from './check.ts'
import type { Surroundings } from './surroundings.ts'

/** A signature is taken 10 s off and refused 60 s off (docs/wire.md). */
const REFUSED_MS = 10_000
const MEND = 'Set it by NTP: `sudo timedatectl set-ntp true`, or run chrony.'

export const clock: Check = {
  name: 'clock',
  limitMs: 45_000,
  async look(surroundings, signal) {
    const [measured, keeper] = await Promise.all([compare(surroundings, signal), findKeeper()])
    return judgeClock(measured, keeper)
  },
}

export type Measured = { readonly aheadMs: number; readonly withinMs: number } | { readonly none: string }
/** What keeps the clock right; `unknown` where the system does not say. */
export type Keeper = { readonly kind: 'kept' | 'free' | 'unknown'; readonly told: string }

export function judgeClock(measured: Measured, keeper: Keeper) {
  if ('none' in measured) {
    const found = `${keeper.told}; not compared: ${measured.none}`
    if (keeper.kind !== 'free') return good(found, { kept: keeper.kind === 'kept' })
    return warn({ found, needed: 'a clock that is kept right', remedy: MEND, figures: { kept: false } })
  }
  const { aheadMs, withinMs } = measured
  const where = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the exchange’s (±${(withinMs / 1000).toFixed(1)} s)`
  const figures = { ahead_ms: Math.round(aheadMs), within_ms: Math.round(withinMs), kept: keeper.kind === 'kept' }
  const found = `${where}; ${keeper.told}`
  const offMs = Math.abs(aheadMs) - withinMs
  if (offMs > REFUSED_MS) return bad({ found, needed: 'within 10 s: signatures carry the time', remedy: MEND, figures })
  if (offMs > CLOCK_OFF_MS) return warn({ found, needed: 'within 2 s', remedy: MEND, figures })
  if (keeper.kind === 'free') return warn({ found, needed: 'a clock that is kept right', remedy: MEND, figures })
  return good(found, figures)
}

async function compare({ config, isOffline }: Surroundings, signal: AbortSignal): Promise<Measured> {
  if (!config.exchangeChosen) return { none: 'no exchange is configured' }
  if (isOffline) return { none: 'offline' }
  let best: { aheadMs: number; withinMs: number } | undefined
  const client = new RestClient({
    baseUrl: config.exchange.apiUrl,
    clock: new SystemClock(),
    random: SYSTEM_RANDOM,
    limits: { triesMax: 2 },
    onClock: (aheadMs, withinMs) => {
      if (best === undefined || withinMs < best.withinMs) best = { aheadMs, withinMs }
    },
  })
  // Whatever the answer says, its time is what is wanted.
  await client.status({ signal }).catch(() => undefined)
  return best ?? { none: 'the exchange does not answer' }
}

/** Asks the programs that keep clocks, as the recorder does. Nothing of ours depends on any. */
async function findKeeper(): Promise<Keeper> {
  const estimate = await askClock()
  if (estimate !== undefined) {
    const { source, offsetMs, errorMs } = estimate
    return { kind: 'kept', told: `${source} keeps it, ${offsetMs.toFixed(1)} ms off (±${errorMs.toFixed(1)} ms)` }
  }
  const told = await new Promise<string>((done) => {
    const words = ['show', '--property=NTPSynchronized', '--value']
    execFile('timedatectl', words, { timeout: ASK_MS_MAX }, (_, output) => done(output.trim()))
  })
  if (told === 'yes' || existsSync('/run/systemd/timesync/synchronized'))
    return { kind: 'kept', told: 'the system says it is synchronised' }
  if (told === 'no') return { kind: 'free', told: 'nothing keeps it right' }
  return { kind: 'unknown', told: 'the system does not say whether anything keeps it right' }
}

const ASK_MS_MAX = 2_000
