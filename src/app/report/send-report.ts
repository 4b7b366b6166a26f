/** A report to the people whom alarms reach. What could not be sent is told on standard error. */
import { sendMessage } from '#alert'
import { cleanPercent, heldPercent, verifiedPercent } from '#ledger'
import { TARGET_SETTINGS, targetsOf } from '../alert/alert-targets.ts'
import { loadConfig } from '../config/config-load.ts'
import { renderReport } from './render-report.ts'
import type { Report } from './report.ts'

/** Whether every target took it; `false` as well where none is named. */
export async function sendReport(report: Report, { profile }: { readonly profile?: string }): Promise<boolean> {
  const targets = targetsOf(loadConfig({ needsKey: 'never', profile }).config)
  const { facts, lines, isClean } = report
  const faulty = lines.filter(({ isWell }) => !isWell).map(({ name }) => name)
  const results = await sendMessage(targets, {
    title: `${facts.environment ?? 'kalshiflow'}: ${isClean ? 'the day was clean' : `the day was NOT clean: ${faulty.join(', ')}`}`,
    text: renderReport(report).join('\n'),
    severity: isClean ? 'info' : 'warning',
    fields: {
      clean: isClean,
      from: new Date(facts.fromMs).toISOString(),
      to: new Date(facts.toMs).toISOString(),
      clean_percent: cleanPercent(facts.total) ?? 0,
      held_percent: heldPercent(facts.total) ?? 0,
      verified_percent: verifiedPercent(facts.total) ?? 0,
      frames: facts.frames,
      holes: facts.holes.length,
    },
  })
  for (const each of results) {
    if (!each.sent)
      process.stderr.write(`kalshiflow: ${each.target} did not take the report: ${each.reason} (${each.code})\n`)
  }
  if (targets.length === 0)
    process.stderr.write(`kalshiflow: found nowhere to send the report to: set ${TARGET_SETTINGS}\n`)
  return targets.length > 0 && results.every(({ sent }) => sent)
}
