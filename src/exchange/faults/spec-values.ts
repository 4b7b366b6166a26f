/** The values of a fault spec as people write them: rates, durations, offsets, codes, times and targets. Pure. */
import { CHANNELS, type Channel, ERROR_TEXT } from '../wire/protocol.ts'
import type { FaultValueKind } from './fault-kinds.ts'

/** When a fault happens, in ms since the first connection opened. */
export type When = {
  /** 0 when nothing was said. */
  readonly atMs: number
  /** Infinity when nothing was said. */
  readonly untilMs: number
  /** Again and again, so far apart. */
  readonly everyMs: number | undefined
  readonly isGiven: boolean
}

export type Target = {
  readonly connection?: number
  readonly channel?: Channel
  readonly market?: string
}

/** A value as a number; `perMs` is there for a lateness that grows: so much for each so long. */
export type Value = { readonly amount: number; readonly perMs?: number }

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }
const DURATION_MS_MAX = 24 * 3_600_000
const COUNT_MAX = 10_000
/** Times that repeat do so no faster. */
const EVERY_MS_MIN = 10

/** Milliseconds; 0 only where the text says so. `undefined` for anything else, or above a day. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|min|m|h)$/.exec(text)
  if (match === null) return undefined
  const ms = Math.round(Number(match[1]) * UNITS_MS[match[2]!]!)
  return ms <= DURATION_MS_MAX ? ms : undefined
}

/** `undefined` when the text is no such value. */
export function readValue(kind: FaultValueKind, text: string): Value | undefined {
  switch (kind) {
    case 'none':
      return undefined
    case 'rate':
      return readRate(text)
    case 'duration': {
      const ms = readDuration(text)
      return ms === undefined || ms === 0 ? undefined : { amount: ms }
    }
    case 'growth':
      return readGrowth(text)
    case 'offset': {
      const ms = readDuration(text.replace(/^[+-]/, ''))
      return ms === undefined || ms === 0 ? undefined : { amount: text.startsWith('-') ? -ms : ms }
    }
    case 'code':
      return /^\d{1,2}$/.test(text) && Number(text) in ERROR_TEXT ? { amount: Number(text) } : undefined
    case 'count': {
      const count = /^\d{1,5}$/.test(text) ? Number(text) : 0
      return count >= 1 && count <= COUNT_MAX ? { amount: count } : undefined
    }
  }
}

/** What is needed where {@link readValue} found nothing. */
export const VALUE_NEEDED: Readonly<Record<FaultValueKind, string>> = {
  none: 'no value',
  rate: 'a share of frames such as 0.1% or 0.001',
  duration: 'a duration such as 500ms, 5s or 2min',
  growth: 'a duration such as 2s, or a growth such as 200ms/min',
  offset: 'a duration with a sign, such as +3s or -90s',
  code: `an error code of Kalshi’s (${Object.keys(ERROR_TEXT).join(', ')})`,
  count: `a whole number from 1 to ${COUNT_MAX}`,
}

/** `20s`, `20s-40s` or `20s+60s`; a text is what is wrong. */
export function readWhen(text: string): When | string {
  const parts = /^([^+-]+)(?:([+-])([^+-]+))?$/.exec(text)
  const atMs = parts === null ? undefined : readDuration(parts[1]!)
  const second = parts?.[3] === undefined ? undefined : readDuration(parts[3])
  if (atMs === undefined || (parts?.[3] !== undefined && second === undefined))
    return `@${text} is no time: needed is @20s, @20s-40s (from and until) or @20s+60s (at, and again every 60 s)`
  const isWindow = parts?.[2] === '-'
  if (isWindow && second! <= atMs) return `@${text} ends before it begins`
  if (parts?.[2] === '+' && second! < EVERY_MS_MIN) return `@${text} comes too often: ${EVERY_MS_MIN}ms is the least`
  return {
    atMs,
    untilMs: isWindow ? second! : Number.POSITIVE_INFINITY,
    everyMs: parts?.[2] === '+' ? second : undefined,
    isGiven: true,
  }
}

export const FROM_THE_START: When = { atMs: 0, untilMs: Number.POSITIVE_INFINITY, everyMs: undefined, isGiven: false }

/** A number names a connection, a word of the protocol a channel, capital letters a market; `undefined` for anything else. */
export function readTarget(text: string): Target | undefined {
  if (/^[1-9]\d{0,6}$/.test(text)) return { connection: Number(text) }
  if ((CHANNELS as readonly string[]).includes(text)) return { channel: text as Channel }
  return /^[A-Z0-9][A-Z0-9._-]*[A-Z0-9]$/.test(text) && /[A-Z]/.test(text) ? { market: text } : undefined
}

function readRate(text: string): Value | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text)
  if (match === null) return undefined
  const rate = Number(match[1]) / (match[2] === '%' ? 100 : 1)
  return rate > 0 && rate <= 1 ? { amount: rate } : undefined
}

function readGrowth(text: string): Value | undefined {
  const [amount = '', per, ...more] = text.replace(/^\+/, '').split('/')
  const ms = readDuration(amount)
  if (ms === undefined || ms === 0 || more.length > 0) return undefined
  if (per === undefined) return { amount: ms }
  const perMs = UNITS_MS[per]
  return perMs === undefined ? undefined : { amount: ms, perMs }
}
