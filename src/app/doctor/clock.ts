/**
 * This machine's clock: against the exchange's answers where there is an exchange, and whether anything keeps it right.
 * Kalshi refuses signatures that are about a minute off, and every receive stamp and message age is as good as the clock.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { SYSTEM_RANDOM, SystemClock } from '#journal'
import { RestClient } from '#kalshi'
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
    const [measured, keeper] = await Promise.all([compare(surroundings, signal), findKeeper(signal)])
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

/** Asks what there is: systemd, then chrony. Nothing of ours depends on either. */
async function findKeeper(signal: AbortSignal): Promise<Keeper> {
  const told = await ask('timedatectl', ['show', '--property=NTPSynchronized', '--value'], signal)
  if (told?.trim() === 'yes') return { kind: 'kept', told: 'the system says it is synchronised' }
  const chrony = await ask('chronyc', ['-n', 'tracking'], signal)
  const off = /System time\s*:\s*([\d.]+) seconds (fast|slow)/.exec(chrony ?? '')
  if (off !== null) return { kind: 'kept', told: `chrony keeps it (${off[1]} s ${off[2]})` }
  if (existsSync('/run/systemd/timesync/synchronized')) return { kind: 'kept', told: 'systemd-timesyncd keeps it' }
  if (told?.trim() === 'no') return { kind: 'free', told: 'nothing keeps it right' }
  return { kind: 'unknown', told: 'the system does not say whether anything keeps it right' }
}

const ASK_MS_MAX = 2_000

function ask(command: string, args: string[], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(command, args, { timeout: ASK_MS_MAX, signal }, (error, out) => done(error === null ? out : undefined))
  })
}
