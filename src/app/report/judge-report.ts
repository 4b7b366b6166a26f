/**
 * What a report says line by line, and which lines are not as they should be: the exit code of `report` is nothing else.
 *
 * A hole that the exchange made and that was closed is judged by the share of time that it cost. A hole of our own making
 * is a fault by itself, and so is one that nothing has closed. Of a market's open time that nobody asked for the recording is
 * not to blame: it is told, and what was asked for is judged.
 */
import { type Coverage, cleanPercent, type Hole, heldPercent, verifiedPercent } from '#ledger'
import { tellBytes, tellCount, tellDuration, tellShare, tellTime } from '../commands/words.ts'
import type { Facts, Limits, Report, ReportLine } from './report.ts'

/** A market asked for a shorter time is not judged by itself: its first snapshot takes a share of it. */
const JUDGED_MS_MIN = 10 * 60_000
const WORST_MAX = 10
/** Time not clean, on average of all markets, below which nothing is said to be wrong. */
const LOST_MS_MIN = 1_000
/** A recording of this length that was never audited has something wrong. */
const UNAUDITED_MS_MAX = 10 * 60_000
const STORE_BEHIND_MS_MAX = 60_000
const DAYS_LEFT_MIN = 3
const FREE_SHARE_MIN = 0.02

export function judgeReport(facts: Facts, limits: Limits): Report {
  const worst = [...facts.coverage].sort(byHeld).slice(0, WORST_MAX)
  const lines = [
    uptime(facts, limits),
    frames(facts),
    holes(facts),
    clean(facts, limits),
    audits(facts),
    lag(facts, limits),
    ...archive(facts),
    disk(facts),
    results(facts, limits),
    versions(facts),
    journal(facts),
    ...alarms(facts),
  ]
  return { facts, limits, lines, worst, isClean: lines.every(({ isWell }) => isWell) }
}

/** Of equally held ones the one that was asked for longer is worse. */
const byHeld = (a: Coverage, b: Coverage): number =>
  (heldPercent(a) ?? 0) - (heldPercent(b) ?? 0) || b.askedMs - a.askedMs

const line = (name: string, text: string, faults: readonly (string | false | undefined)[] = []): ReportLine => {
  const met = faults.filter((each) => typeof each === 'string')
  return met.length === 0 ? { name, isWell: true, text } : { name, isWell: false, text, fault: met.join(' ') }
}

function uptime({ fromMs, toMs, upMs, runs, isRecording }: Facts, { cleanMin }: Limits): ReportLine {
  if (runs.length === 0) return line('uptime', 'nothing was recorded', ['No run of the recorder falls into this time.'])
  const share = (100 * upMs) / Math.max(1, toMs - fromMs)
  const died = runs.filter(({ end }) => end === 'died').length
  const text = `${tellShare(share)} % of ${tellDuration(toMs - fromMs)}, ${runs.length} run${runs.length === 1 ? '' : 's'}`
  return line(
    'uptime',
    `${text}${died > 0 ? `, ${died} died` : ''}${isRecording ? '; records now' : '; does not run now'}`,
    [
      share < cleanMin &&
        `The recorder ran less than ${cleanMin} % of the time: \`kalshiflow sessions\` shows its runs.`,
      died > 0 && 'A run ended without a word (killed, out of memory, power): look at the log of the service manager.',
    ],
  )
}

function frames({ frames: count, upMs, coverage, runs }: Facts): ReportLine {
  const markets = new Set(coverage.map(({ market }) => market)).size
  const rate = upMs > 0 ? (count * 1000) / upMs : 0
  const text = `${tellCount(count)} (${rate.toFixed(rate < 10 ? 1 : 0)} a second) of ${tellCount(markets)} markets`
  return line('frames', text, [
    count === 0 && runs.length > 0 && 'Nothing was received: the log says what the exchange or the network answered.',
  ])
}

function holes({ holes: all }: Facts): ReportLine {
  const open = all.filter((hole) => hole.open > 0 && hole.blame !== 'operator')
  const own = all.filter(({ blame }) => blame === 'own')
  const causes = [...new Set(own.map(({ cause }) => cause))].join(', ')
  return line('holes', all.length === 0 ? 'none' : `${tellCount(all.length)}: ${byCause(all)}`, [
    own.length > 0 && `Of our own making: ${causes}. docs/gaps.md says what to do about each.`,
    open.length > 0 && `Still open: ${open.length}. \`kalshiflow gaps\` shows them.`,
  ])
}

function byCause(all: readonly Hole[]): string {
  const counts = new Map<string, number>()
  for (const { cause } of all) counts.set(cause, (counts.get(cause) ?? 0) + 1)
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([cause, count]) => `${cause} ${count}`)
    .join(', ')
}

function clean({ total, coverage }: Facts, { cleanMin, marketMin }: Limits): ReportLine {
  const held = heldPercent(total)
  const bad = coverage.filter((each) => each.askedMs >= JUDGED_MS_MIN && (heldPercent(each) ?? 0) < marketMin)
  // Of a short recording the first snapshots' way is a share that says nothing of the night.
  const lostMs = (total.askedMs - total.cleanMs) / Math.max(1, coverage.length)
  const markets = new Set(bad.map(({ market }) => market)).size
  const text =
    held === undefined
      ? 'no market was asked for'
      : `${tellShare(cleanPercent(total) ?? 0)} % of the open time; held ${tellShare(held)} % of what was asked for; ` +
        `verified ${tellShare(verifiedPercent(total) ?? 0)} % of the clean time`
  return line('clean', text, [
    held !== undefined && held < cleanMin && lostMs > LOST_MS_MIN && `Held less than ${cleanMin} % (--clean-min).`,
    markets > 0 &&
      `${markets} market${markets === 1 ? '' : 's'} held below ${marketMin} % (--market-min), the worst below.`,
  ])
}

function audits({ audits: { matched, offset, mismatched }, upMs, frames: count }: Facts): ReportLine {
  const all = matched + offset + mismatched
  const text =
    all === 0 ? 'none' : `${tellCount(all)}: ${tellCount(matched)} matched, ${offset} offset, ${mismatched} wrong`
  return line('audits', text, [
    mismatched > 0 && 'Books were found to differ from the exchange’s: rl_audits has both of each; report it.',
    all === 0 && count > 0 && upMs > UNAUDITED_MS_MAX && 'No book was audited: docs/audit.md says when they are.',
  ])
}

function lag({ ages, store }: Facts, { lagMsMax }: Limits): ReportLine {
  const age =
    ages === undefined
      ? 'no message told its time'
      : `messages ${tellDuration(ages.p50)} old, 1 in 100 over ${tellDuration(ages.p99)}`
  const stored =
    store === undefined
      ? ''
      : `; database ${store.behindMs < 1000 ? 'up to date' : `${tellDuration(store.behindMs)} behind`}`
  const isRefused = store !== undefined && ['refused', 'unavailable'].includes(store.state)
  return line('lag', `${age}${stored}`, [
    ages !== undefined &&
      ages.p50 > lagMsMax &&
      'Messages came late: the network, or a clock that is wrong (`kalshiflow doctor`).',
    isRefused && `The store is ${store.state}: nothing is written to the database; \`kalshiflow db status\`.`,
    store !== undefined && store.behindMs > STORE_BEHIND_MS_MAX && 'The database falls behind the journal.',
  ])
}

function disk({ disk: { freeBytes, totalBytes, bytesPerDay, daysLeft } }: Facts): ReportLine {
  const free = freeBytes === undefined ? 'not told by the system' : `${tellBytes(freeBytes)} free`
  const pace = bytesPerDay === undefined ? '' : `, journal ${tellBytes(bytesPerDay)} a day`
  const left = daysLeft === undefined ? '' : `, ${daysLeft > 999 ? 'over 999' : Math.floor(daysLeft)} days left`
  const share = freeBytes === undefined || !totalBytes ? 1 : freeBytes / totalBytes
  return line('disk', `${free}${pace}${left}`, [
    daysLeft !== undefined &&
      daysLeft < DAYS_LEFT_MIN &&
      `Full in less than ${DAYS_LEFT_MIN} days: archive, or make room.`,
    share < FREE_SHARE_MIN && `Less than ${FREE_SHARE_MIN * 100} % of the disk is free.`,
  ])
}

/** No line where nothing is archived, or nobody runs to say so. */
function archive({ archive: told, zone }: Facts): ReportLine[] {
  if (told === undefined) return []
  const { target, behindSegments, successMs, fault } = told
  const since = successMs === undefined ? 'it never had all' : `it had all at ${tellTime(successMs, zone)}`
  const text =
    behindSegments === 0
      ? 'has every sealed segment'
      : `${behindSegments} segment${behindSegments === 1 ? '' : 's'} behind; ${since}`
  return [line('archive', `${target} ${text}`, [fault !== undefined && `Its last look failed: ${fault}`])]
}

/** No line where nobody looks for them. */
function alarms({ alarms: firing }: Facts): ReportLine[] {
  if (firing === undefined) return []
  return [
    line('alarms', firing.length === 0 ? 'none fires' : `${firing.length} now: ${firing.join(', ')}`, [
      firing.length > 0 && 'docs/alerts.md says what to do about each.',
    ]),
  ]
}

function results({ results: { closed, withResult, overdue } }: Facts, { resultMsMax }: Limits): ReportLine {
  const text =
    closed === 0 ? 'no market closed' : `${tellCount(withResult)} of ${tellCount(closed)} closed markets have one`
  const names = overdue
    .slice(0, 3)
    .map(({ market }) => market)
    .join(', ')
  return line('results', text, [
    overdue.length > 0 &&
      `${overdue.length} settled, or closed over ${tellDuration(resultMsMax)} ago, without: ${names}${overdue.length > 3 ? ' …' : ''}.`,
  ])
}

function versions({ versions: { program, node, recorded } }: Facts): ReportLine {
  const others = recorded.filter((each) => each !== program)
  return line(
    'versions',
    `kalshiflow ${program}, Node ${node}${others.length > 0 ? `; recorded by ${others.join(', ')}` : ''}`,
  )
}

function journal({ damage, runs }: Facts): ReportLine {
  const last = runs.at(-1)
  const text = last === undefined ? 'no records' : `readable up to ${tellTime(last.toMs, 'UTC')} UTC`
  return line('journal', damage.length === 0 ? text : `${damage.length} places cannot be read`, damage.slice(0, 3))
}
