/** The panel's lines: what is worth a look while it runs, none longer than the terminal is wide. Pure. */
import { daysLeft } from '../service/outlook.ts'
import type { ServiceView } from '../service/service-view.ts'
import { troublesOf } from '../service/troubles.ts'
import { spark } from './spark.ts'

export type Tone = 'head' | 'plain' | 'good' | 'bad'
export type PanelLine = { readonly tone: Tone; readonly text: string }

const COLUMNS_MIN = 20
/** Lines that every panel has; troubles come below them. */
const TROUBLES_MAX = 4

/** `columns`: of the terminal; `rates`: frames a second over the last minute, the latest last. */
export function panelLines(view: ServiceView, rates: readonly number[], columns: number): PanelLine[] {
  const width = Math.max(COLUMNS_MIN, columns - 1)
  const troubles = troublesOf(view)
  const shown = troubles.slice(0, troubles.length > TROUBLES_MAX ? TROUBLES_MAX - 1 : TROUBLES_MAX)
  const lines: PanelLine[] = [
    { tone: 'head', text: headOf(view) },
    row('books', booksOf(view)),
    row('frames', framesOf(view, rates)),
    ...(view.age.count > 0 ? [row('age', ageOf(view))] : []),
    row('durable', `commit p99 ${ms(view.commitP99Ms)} · ${bytes(view.journalBytes)} of journal in this run`),
    ...(view.store === undefined ? [] : [row('stored', storedOf(view))]),
    row('holes', `${n(view.breaks)} breaks · ${n(view.lost)} connections lost · ${n(view.malformed)} malformed`),
    row('disk', diskOf(view)),
    ...(view.api === undefined || view.api.state === 'ended' ? [] : [row('serving', servingOf(view))]),
    ...shown.map((text): PanelLine => ({ tone: 'bad', text: `! ${text}` })),
    ...(shown.length < troubles.length
      ? [{ tone: 'bad' as const, text: `! and ${troubles.length - shown.length} more` }]
      : []),
    ...(troubles.length === 0 ? [{ tone: 'good' as const, text: quietWord(view) }] : []),
  ]
  return lines.map(({ tone, text }) => ({ tone, text: cutTo(text, width) }))
}

const row = (name: string, text: string): PanelLine => ({ tone: 'plain', text: `${name.padEnd(8)} ${text}` })

function headOf({ environment, isBuiltIn, seconds }: ServiceView): string {
  const where = isBuiltIn
    ? 'SIMULATED EXCHANGE'
    : environment === 'sim'
      ? 'SIMULATED (sim)'
      : environment === 'demo'
        ? 'Kalshi demo'
        : 'Kalshi PRODUCTION'
  return `kalshiflow · ${where} · ${clock(seconds)} · Ctrl-C ends it`
}

function booksOf({ markets: { valid, asked, in_doubt, unknown } }: ServiceView): string {
  const parts = [`${n(valid)} of ${n(asked)} valid`]
  if (in_doubt > 0) parts.push(`${n(in_doubt)} in doubt`)
  if (unknown > 0) parts.push(`${n(unknown)} unknown`)
  return parts.join(' · ')
}

const framesOf = ({ framesPerSecond, peakPerSecond, frames }: ServiceView, rates: readonly number[]): string =>
  `${`${n(framesPerSecond)}/s`.padEnd(9)} ${rates.length > 1 ? `${spark(rates)} ` : ''}peak ${n(peakPerSecond)}/s · ${n(frames)} in all`

const ageOf = ({ age: { p50Ms, p99Ms, maxMs } }: ServiceView): string =>
  `p50 ${ms(p50Ms)} · p99 ${ms(p99Ms)} · max ${ms(maxMs)} (exchange time to book)`

function diskOf({ disk, outlook }: ServiceView): string {
  const days = disk.freeBytes === undefined || outlook === undefined ? undefined : daysLeft(disk.freeBytes, outlook)
  return [
    ...(disk.usedBytes === undefined ? [] : [`${bytes(disk.usedBytes)} used`]),
    ...(outlook === undefined
      ? []
      : [`${bytes(outlook.bytesPerDay)} a day ${outlook.basis === 'expected' ? 'expected' : 'measured'}`]),
    ...(days === undefined ? [] : [days > 999 ? 'over 999 days left' : `${days.toFixed(days < 10 ? 1 : 0)} days left`]),
  ].join(' · ')
}

function storedOf({ store }: ServiceView): string {
  if (store === undefined || store.state === 'opening') return 'the database is being opened'
  const behind = store.behind_ms > 1500 ? `${(store.behind_ms / 1000).toFixed(1)} s behind` : 'up to date'
  const bad = store.quarantined > 0 ? ` · ${n(store.quarantined)} in quarantine` : ''
  return `${n(store.rows)} rows · ${store.state === 'writing' ? behind : store.state}${bad}`
}

function servingOf({ api, exchange, store }: ServiceView): string {
  const restarts = (api?.restarts ?? 0) + (exchange?.restarts ?? 0) + (store?.restarts ?? 0)
  return `${api?.url === undefined ? '(not up)' : `${api.url}/rl/status`} · ${n(restarts)} restarts`
}

const quietWord = ({ markets, seconds }: ServiceView): string =>
  markets.asked > 0 && markets.valid === markets.asked
    ? 'all is well'
    : seconds < 15
      ? 'starting'
      : 'waiting for markets'

const n = (value: number): string => Math.round(value).toLocaleString('en-US')
const ms = (value: number): string => `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ms`

export function bytes(value: number): string {
  if (value < 1e6) return `${(value / 1e3).toFixed(0)} kB`
  return value < 1e9
    ? `${(value / 1e6).toFixed(value < 1e7 ? 1 : 0)} MB`
    : `${(value / 1e9).toFixed(value < 1e10 ? 1 : 0)} GB`
}

const clock = (seconds: number): string => {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
}

const cutTo = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)
