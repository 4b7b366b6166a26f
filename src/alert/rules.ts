/**
 * Every alarm, in the order in which they are told. What a person must hear of is here and nothing else: a quiet market, one
 * connection made again or one book asked for again is a recorder's everyday. docs/alerts.md says what to do about each.
 */
import { tellTime } from './quantity.ts'
import type { Rule } from './rule.ts'
import { STORAGE_RULES } from './storage-rules.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`
/** Until then a start is under way, and what is missing is on its way. */
const START_MS = 60 * SECOND

const RECORDING_RULES: readonly Rule[] = [
  {
    name: 'not_connected',
    severity: 'critical',
    holdMs: MINUTE,
    clearMs: MINUTE,
    about: 'A connection that holds markets is down: what happens there is not recorded.',
    todo: 'Look for connect_failed in the log: network, key, clock, or the exchange’s own pause.',
    judge: ({ connections, connectionsDown, refusal, pausedBy, isStopping }) =>
      connectionsDown > 0 && pausedBy === undefined && !isStopping
        ? `${connectionsDown} of ${many(connections, 'connection')} down${refusal === undefined ? '' : `: ${refusal}`}`
        : undefined,
  },
  {
    name: 'no_frames',
    severity: 'critical',
    holdMs: 0,
    clearMs: 10 * SECOND,
    limit: { value: 15 * MINUTE, unit: 'ms' },
    about: 'Connections are open and markets asked for, and nothing at all is received.',
    todo: 'Compare with the exchange’s own page; the weekly pause is Thursday 03:00 to 05:00 New York time.',
    judge: ({ noFrameMs, markets, connections, connectionsDown, pausedBy }, limit) =>
      noFrameMs > limit && pausedBy === undefined && connections > connectionsDown && markets.asked > markets.unknown
        ? `nothing received for ${tellTime(noFrameMs)}, although ${many(markets.asked, 'market')} are asked for`
        : undefined,
  },
  {
    name: 'nothing_asked',
    severity: 'warning',
    holdMs: 10 * MINUTE,
    clearMs: MINUTE,
    about: 'The recorder runs and has no market to record.',
    todo: 'Name markets, or look for market_list_failed in the log.',
    judge: ({ markets, pausedBy, isStopping }) =>
      markets.asked === 0 && pausedBy === undefined && !isStopping ? 'no market is asked for' : undefined,
  },
  {
    name: 'paused',
    severity: 'warning',
    holdMs: 10 * MINUTE,
    clearMs: 0,
    about: 'An operator paused the recording and has not resumed it.',
    todo: 'POST /rl/admin/resume when that was not meant.',
    judge: ({ pausedBy }) => (pausedBy === undefined ? undefined : `paused by ${pausedBy}: nothing is recorded`),
  },
  {
    name: 'books_in_doubt',
    severity: 'warning',
    holdMs: 10 * MINUTE,
    clearMs: 2 * MINUTE,
    limit: { value: 0, unit: 'count' },
    about: 'Some books have been in doubt for long: asking for them again does not help.',
    todo: '/rl/markets says which and why; `kalshiflow book TICKER` shows one.',
    judge: ({ markets }, limit) =>
      markets.inDoubt > limit ? `${many(markets.inDoubt, 'book')} of ${markets.asked} in doubt` : undefined,
  },
  {
    name: 'books_invalid',
    severity: 'critical',
    holdMs: 3 * MINUTE,
    clearMs: 2 * MINUTE,
    limit: { value: 0.2, unit: 'share' },
    about: 'A large share of the books may not be believed.',
    todo: 'Look at connections and orientation in /rl/status, then at the log since it began.',
    judge: ({ markets: { asked, unknown, inDoubt }, pausedBy }, limit) => {
      const share = inDoubt / Math.max(1, asked - unknown)
      if (pausedBy !== undefined || share <= limit) return undefined
      return `${Math.round(share * 100)} % of the books are in doubt (${inDoubt} of ${asked - unknown})`
    },
  },
  {
    name: 'orientation_wrong',
    severity: 'critical',
    holdMs: 10 * SECOND,
    clearMs: MINUTE,
    about: 'NO levels do not mean what was asked for: no book of that connection is valid, frames are kept.',
    todo: 'Look for orientation_judged in the log; set KALSHIFLOW_USE_YES_PRICE to the other value, and tell us.',
    judge: ({ orientationWrong }) =>
      orientationWrong > 0 ? `${many(orientationWrong, 'connection')} read the wrong way round` : undefined,
  },
  {
    name: 'wire_changed',
    severity: 'critical',
    holdMs: 0,
    clearMs: MINUTE,
    about: 'The same fault stands in many fresh books: the exchange changed what it sends. Frames are kept.',
    todo: 'Update kalshiflow; `kalshiflow reparse` redoes the tables from the journal afterwards.',
    judge: ({ wireChanged }) => wireChanged,
  },
  {
    name: 'audit_mismatch',
    severity: 'critical',
    holdMs: 0,
    clearMs: 0,
    limit: { value: 0, unit: 'count' },
    about: 'A book that was shown as valid was not the exchange’s: it was put in doubt and asked for again.',
    todo: 'rl_audits and `kalshiflow gaps` say which; keep the journal and tell us.',
    judge: ({ lastHour }, limit) =>
      lastHour.mismatches > limit ? `${many(lastHour.mismatches, 'audit')} of the last hour did not match` : undefined,
  },
  {
    name: 'snapshot_offset',
    severity: 'warning',
    holdMs: 0,
    clearMs: 10 * MINUTE,
    limit: { value: 0.05, unit: 'share' },
    about: 'Snapshots often stand some deltas before or after the book of their number: the exchange’s order is loose.',
    todo: 'Books are right once the group is complete; watch whether audit_mismatch follows.',
    judge: ({ lastHour: { audits, offsets } }, limit) =>
      audits >= 20 && offsets / audits > limit
        ? `${offsets} of ${audits} audits of the last hour were offset`
        : undefined,
  },
  {
    name: 'proof_overdue',
    severity: 'warning',
    holdMs: 0,
    clearMs: MINUTE,
    limit: { value: 2 * HOUR, unit: 'ms' },
    about: 'An open market’s book was not proven by a snapshot or an audit for long.',
    todo: '/rl/status says under audit how the audits go; a market that answers nothing is in /rl/markets.',
    judge: ({ oldestProofMs }, limit) =>
      oldestProofMs !== undefined && oldestProofMs > limit
        ? `the oldest proof of an open market is ${tellTime(oldestProofMs)} old`
        : undefined,
  },
  {
    name: 'message_age',
    severity: 'warning',
    holdMs: 2 * MINUTE,
    clearMs: 2 * MINUTE,
    limit: { value: 2 * SECOND, unit: 'ms' },
    about: 'Messages are old when they arrive: the exchange, the network or this machine is slow, or the clock is off.',
    todo: 'Compare event_loop_delay and clock in /rl/status; past KALSHIFLOW_MESSAGE_AGE_MAX_MS the connection is replaced.',
    judge: ({ messageAgeMs }, limit) =>
      messageAgeMs !== undefined && messageAgeMs > limit
        ? `messages of a connection are ${tellTime(messageAgeMs)} old when they arrive`
        : undefined,
  },
  {
    name: 'clock_off',
    severity: 'warning',
    holdMs: 5 * MINUTE,
    clearMs: 5 * MINUTE,
    limit: { value: 2 * SECOND, unit: 'ms' },
    about: 'This machine’s clock is off: signatures will be refused, and message ages are wrong by as much.',
    todo: 'Set it by NTP: `timedatectl set-ntp true`, or install chrony.',
    judge: ({ clock }, limit) =>
      clock !== undefined && Math.abs(clock.aheadMs) - clock.errorMs > limit
        ? `the clock is ${tellTime(Math.abs(clock.aheadMs))} ${clock.aheadMs > 0 ? 'ahead' : 'behind'} (± ${tellTime(clock.errorMs)})`
        : undefined,
  },
  {
    name: 'sequence_breaks',
    severity: 'warning',
    holdMs: 0,
    clearMs: 0,
    limit: { value: 10, unit: 'count' },
    about: 'Numbers of subscriptions are missed again and again; each time their books are in doubt for a moment.',
    todo: '`kalshiflow gaps` lists them; a slow machine or a bad line is likelier than the exchange.',
    judge: ({ lastHour: { breaks } }, limit) =>
      breaks > limit ? `${breaks} sequence breaks in the last hour` : undefined,
  },
  {
    name: 'connections_lost',
    severity: 'warning',
    holdMs: 0,
    clearMs: 0,
    limit: { value: 10, unit: 'count' },
    about: 'Connections are lost again and again; each time there is a hole.',
    todo: 'connection_lost in the log gives the causes; look at the network first.',
    judge: ({ lastHour: { lost } }, limit) => (lost > limit ? `${lost} connections lost in the last hour` : undefined),
  },
  {
    name: 'malformed',
    severity: 'warning',
    holdMs: 0,
    clearMs: 0,
    limit: { value: 5, unit: 'count' },
    about: 'Frames could not be read; they are in the journal, their markets were in doubt.',
    todo: 'quarantine in /rl/status shows the last ones; update kalshiflow, then `kalshiflow reparse`.',
    judge: ({ lastHour: { malformed } }, limit) =>
      malformed > limit ? `${malformed} frames of the last hour could not be read` : undefined,
  },
  {
    name: 'recorder_late',
    severity: 'warning',
    holdMs: 5 * MINUTE,
    clearMs: 5 * MINUTE,
    limit: { value: 250, unit: 'ms' },
    about: 'The recorder’s own loop comes late: the machine has too little time for it.',
    todo: 'See what else runs here; fewer markets or another machine.',
    judge: ({ loopP99Ms, upMs }, limit) =>
      upMs > START_MS && loopP99Ms > limit
        ? `the event loop is ${tellTime(loopP99Ms)} late, one time in a hundred`
        : undefined,
  },
]

/** Of what happens once and does not last: told by the service itself, and named here so that they can be turned off. */
export const LIFE_EVENTS = {
  recorder_stopped: 'The recorder was asked to end, with the reason and what the run held.',
  recorder_was_down: 'The run before ended without a word; the hole since then is declared.',
} as const
export type LifeEvent = keyof typeof LIFE_EVENTS

export const DEFAULT_RULES: readonly Rule[] = [...RECORDING_RULES, ...STORAGE_RULES]
