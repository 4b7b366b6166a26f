/** What a probe found, as an object and as a page to read. Everything in it is redacted. */
import type { Answer, Question, Verdict } from './question.ts'
import { redact } from './redact.ts'
import { framesOf, type Seen } from './seen.ts'

const EVIDENCE_MAX = 4
const EVIDENCE_CHARACTERS_MAX = 600

export type ProbeReport = {
  readonly version: string
  readonly environment: string
  readonly host: string
  readonly started: string
  readonly seconds: number
  readonly markets: readonly string[]
  readonly frames: Readonly<Record<string, number>>
  readonly counts: Readonly<Record<Verdict, number>>
  readonly facts: readonly (Omit<Question, 'answer'> &
    Omit<Answer, 'evidence'> & { readonly evidence: readonly string[] })[]
}

export type ReportOf = {
  readonly version: string
  readonly environment: string
  readonly host: string
  readonly startedMs: number
  readonly seconds: number
  /** Texts that are taken out wherever they stand. */
  readonly names: readonly string[]
}

export function makeReport(questions: readonly Question[], seen: Seen, of: ReportOf): ProbeReport {
  const facts = questions.map(({ answer, ...question }) => {
    const { verdict, observation, evidence = [] } = answer(seen)
    const shown = evidence
      .slice(0, EVIDENCE_MAX)
      .map((text) => redact(text, of.names).trim().slice(0, EVIDENCE_CHARACTERS_MAX))
    return { ...question, verdict, observation: redact(observation, of.names), evidence: shown }
  })
  const count = (verdict: Verdict) => facts.filter((each) => each.verdict === verdict).length
  return {
    version: of.version,
    environment: of.environment,
    host: of.host,
    started: new Date(of.startedMs).toISOString(),
    seconds: Math.round(of.seconds),
    markets: seen.markets,
    frames: Object.fromEntries(Object.values(seen.connections).map((each) => [each.name, framesOf(each).length])),
    counts: { confirmed: count('confirmed'), refuted: count('refuted'), 'not seen': count('not seen') },
    facts,
  }
}

export function renderReport({
  version,
  environment,
  host,
  started,
  seconds,
  markets,
  frames,
  counts,
  facts,
}: ProbeReport): string {
  const told = Object.entries(frames).map(([name, number]) => `${name} ${number}`)
  return [
    `# What ${host} answered`,
    '',
    `kalshiflow ${version} probed ${environment} at ${started} for ${seconds} s: ${markets.length} markets, frames by connection: ${told.join(', ')}.`,
    `${counts.confirmed} facts confirmed, ${counts.refuted} refuted, ${counts['not seen']} not seen. Read-only commands alone were sent; accounts, keys and`,
    'own orders are taken out. `frames.jsonl.gz` beside this page plays with `kalshiflow exchange --capture frames.jsonl.gz`.',
    '',
    '| fact | verdict | observed |',
    '| --- | --- | --- |',
    ...facts.map(({ fact, verdict, observation }) => `| ${cell(fact)} | **${verdict}** | ${cell(observation)} |`),
    '',
    '## Evidence',
    ...facts.flatMap(({ id, matters, evidence }) => [
      '',
      `### ${id}`,
      '',
      `Where it matters: ${matters}`,
      ...(evidence.length === 0 ? [] : ['', '```', ...evidence, '```']),
    ]),
    '',
  ].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
