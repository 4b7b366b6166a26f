/** A report as one screen of 80 columns, and as one value for programs. */
import { cleanPercent, heldPercent } from '#ledger'
import { coverageJson, holeJson, totalJson } from '../commands/gaps-output.ts'
import { tellDuration, tellPercent, tellTime } from '../commands/words.ts'
import type { Report } from './report.ts'

const WIDTH = 80
const NAME_WIDTH = 10
const TICKER_WIDTH_MAX = 36

/** Lines without colours. A line that is not as it should be begins with `!`, and says below what is wrong. */
export function renderReport({ facts, lines, worst, isClean }: Report): string[] {
  const { fromMs, toMs, zone, environment } = facts
  const faults = lines.filter(({ isWell }) => !isWell).length
  const verdict = isClean
    ? 'Clean.'
    : `NOT CLEAN: ${faults} line${faults === 1 ? ' is' : 's are'} not as ${faults === 1 ? 'it' : 'they'} should be.`
  const indent = ' '.repeat(NAME_WIDTH + 2)
  return [
    `kalshiflow report${environment === undefined ? '' : ` (${environment})`}: ${tellTime(fromMs, zone)} to ${tellTime(toMs, zone)} ${zone}`,
    verdict,
    '',
    ...lines.flatMap(({ name, isWell, text, fault }) => [
      ...wrap(`${isWell ? ' ' : '!'} ${name.padEnd(NAME_WIDTH)}${text}`, indent),
      ...(fault === undefined ? [] : wrap(`${indent}-> ${fault}`, `${indent}   `)),
    ]),
    ...(worst.length === 0 ? [] : ['', ...tellWorst(worst)]),
  ]
}

function tellWorst(worst: Report['worst']): string[] {
  const rows = worst.map((each) => [
    shortened(each.market),
    `${tellDuration(each.openMs)}${each.openKnown ? '' : '*'}`,
    tellDuration(each.askedMs),
    tellPercent(cleanPercent(each)),
    tellPercent(heldPercent(each)),
  ])
  const width = Math.max(13, ...rows.map(([ticker]) => ticker!.length))
  const row = ([ticker, open, asked, clean, held]: readonly string[]) =>
    `${ticker!.padEnd(width)}  ${open!.padStart(10)}  ${asked!.padStart(10)}  ${clean!.padStart(7)}  ${held!.padStart(7)}`
  return [
    row(['worst markets', 'open', 'asked for', 'clean %', 'held %']),
    ...rows.map(row),
    ...(worst.some(({ openKnown }) => !openKnown)
      ? ['* When it opened is not known: the time asked for stands for its open time.']
      : []),
  ]
}

/** A long ticker without its middle: its end says which market of an event it is. */
const shortened = (ticker: string): string =>
  ticker.length > TICKER_WIDTH_MAX ? `${ticker.slice(0, 12)}…${ticker.slice(13 - TICKER_WIDTH_MAX)}` : ticker

/** Lines of at most {@link WIDTH} characters; those after the first begin with `indent`. A word that is longer stays whole. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(' ', WIDTH)
    if (at <= indent.length) break
    lines.push(rest.slice(0, at))
    rest = indent + rest.slice(at + 1)
  }
  return [...lines, rest]
}

export function reportJson({ facts, limits, lines, worst, isClean }: Report): object {
  const { total, runs, holes, results, disk, ages } = facts
  const iso = (ms: number) => new Date(ms).toISOString()
  return {
    clean: isClean,
    environment: facts.environment ?? null,
    from: iso(facts.fromMs),
    to: iso(facts.toMs),
    zone: facts.zone,
    lines: lines.map(({ name, isWell, text, fault }) => ({ name, ok: isWell, text, fault: fault ?? null })),
    limits: {
      clean_min_percent: limits.cleanMin,
      market_min_percent: limits.marketMin,
      lag_max_ms: limits.lagMsMax,
      result_max_ms: limits.resultMsMax,
    },
    up_seconds: Math.round(facts.upMs) / 1000,
    recording: facts.isRecording,
    runs: runs.map((run) => ({
      session: run.session,
      version: run.version ?? null,
      from: iso(run.fromMs),
      to: iso(run.toMs),
      end: run.end,
    })),
    frames: facts.frames,
    holes: holes.map(holeJson),
    ...totalJson(total),
    worst: worst.map(coverageJson),
    audits: facts.audits,
    message_age_ms: ages ?? null,
    store:
      facts.store === undefined
        ? null
        : { state: facts.store.state, behind_ms: facts.store.behindMs, quarantined: facts.store.quarantined },
    alarms: facts.alarms ?? null,
    archive:
      facts.archive === undefined
        ? null
        : {
            target: facts.archive.target,
            behind_segments: facts.archive.behindSegments,
            last_success: facts.archive.successMs === undefined ? null : iso(facts.archive.successMs),
            last_error: facts.archive.fault ?? null,
          },
    disk: {
      free_bytes: disk.freeBytes ?? null,
      total_bytes: disk.totalBytes ?? null,
      journal_bytes_per_day: disk.bytesPerDay === undefined ? null : Math.round(disk.bytesPerDay),
      days_left: disk.daysLeft === undefined ? null : Math.floor(disk.daysLeft),
    },
    results: {
      closed: results.closed,
      with_result: results.withResult,
      overdue: results.overdue.map((each) => ({
        market_ticker: each.market,
        closed: each.closedMs === undefined ? null : iso(each.closedMs),
        status: each.status ?? null,
      })),
    },
    versions: facts.versions,
    damage: facts.damage,
  }
}
