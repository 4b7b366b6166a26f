/**
 * What programs that keep the clock say of it, as an estimate of how far it is off. Pure over their output; `undefined` when it
 * says nothing that can be used. Signs: an offset above 0 means that this machine is ahead.
 */
import type { ClockBody } from '#domain'

/** chrony's own clock, when it follows nothing else: what it says of itself is nothing. */
const CHRONY_LOCAL = '7F7F0101'

/**
 * `chronyc -c tracking`: fields by comma. The fifth is the seconds that the clock is slow of NTP time (client.c of chrony 4:
 * above 0 is printed as "slow"), the eleventh the root delay, the twelfth the root dispersion, the last the leap status.
 */
export function readChrony(output: string): ClockBody | undefined {
  const fields = output.trim().split('\n')[0]?.split(',') ?? []
  if (fields.length < 14 || fields[0] === CHRONY_LOCAL || fields.at(-1) === 'Not synchronised') return undefined
  const [slowS, delayS, dispersionS] = [fields[4], fields[10], fields[11]].map(asNumber)
  if (slowS === undefined || delayS === undefined || dispersionS === undefined) return undefined
  return { source: 'chrony', offsetMs: -slowS * 1000, errorMs: (dispersionS + delayS / 2) * 1000 }
}

/** `ntpq -c "rv 0 leap,offset,rootdelay,rootdisp"`: milliseconds that the servers are ahead of us. */
export function readNtpq(output: string): ClockBody | undefined {
  const values = new Map([...output.matchAll(/(\w+)=([-+.\w]+)/g)].map(([, name, value]) => [name!, value!]))
  if (values.get('leap') === '11') return undefined
  const [aheadMs, delayMs, dispersionMs] = ['offset', 'rootdelay', 'rootdisp'].map((name) => asNumber(values.get(name)))
  if (aheadMs === undefined || delayMs === undefined || dispersionMs === undefined) return undefined
  return { source: 'ntp', offsetMs: -aheadMs, errorMs: dispersionMs + delayMs / 2 }
}

/**
 * `timedatectl timesync-status`: the offset that its last answer had, which it has been correcting since. So the estimate is that
 * nothing is left of it, and all of it may be: the error holds it, besides the distance to the root.
 */
export function readTimesync(output: string): ClockBody | undefined {
  const offsetMs = asMs(/^\s*Offset:\s*([-+]?[\d.]+\s*\w+)/m.exec(output)?.[1])
  const distanceMs = asMs(/^\s*Root distance:\s*([\d.]+\s*\w+)/m.exec(output)?.[1])
  if (offsetMs === undefined || distanceMs === undefined) return undefined
  return { source: 'timesyncd', offsetMs: 0, errorMs: distanceMs + Math.abs(offsetMs) }
}

const MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000 }

function asMs(text: string | undefined): number | undefined {
  const parts = /^([-+]?[\d.]+)\s*(\w+)$/.exec(text ?? '')
  const value = asNumber(parts?.[1])
  const unit = MS[parts?.[2] ?? '']
  return value === undefined || unit === undefined ? undefined : value * unit
}

function asNumber(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}
