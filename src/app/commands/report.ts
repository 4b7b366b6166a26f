/** `kalshiflow report`: was the last day clean? One screen, and an exit code for whoever asks every morning. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { wallTime } from '#ledger'
import { isRecording } from '../recorder/data-lock.ts'
import { buildReport } from '../report/build-report.ts'
import { renderReport, reportJson } from '../report/render-report.ts'
import { sendReport } from '../report/send-report.ts'
import { EXIT } from './failure.ts'
import { print, printJson } from './output.ts'
import { showProgress } from './progress.ts'
import { type CommonFlags, duration, folderToRead, withData, withJson } from './shared.ts'
import { type RangeFlags, rangeOf, withRange } from './time-range.ts'

type ReportFlags = CommonFlags &
  RangeFlags & {
    readonly cleanMin: number
    readonly marketMin: number
    readonly lagMax: number
    readonly resultWithin: number
    readonly send?: boolean
  }

const DAY_MS = 86_400_000

export function addReport(program: Command): void {
  withRange(withJson(withData(program.command('report'))))
    .option(
      '--clean-min <percent>',
      'the least to be held: share of the time asked for whose books could be believed',
      percent,
      99.9,
    )
    .option('--market-min <percent>', 'the same for each market that was asked for at least ten minutes', percent, 95)
    .addOption(
      new Option('--lag-max <duration>', 'how old half of the messages may be when they come')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--result-within <duration>', 'how long after its close a market may be without a result')
        .argParser(duration)
        .default(DAY_MS, '24h'),
    )
    .option('--send', 'also to the targets of the alarms')
    .summary('was the last day clean?')
    .description(
      'Says of the last 24 hours, or of the time asked for, whether everything is as it should be: uptime, frames, holes by\n' +
        'cause, clean, held and verified time with the worst markets, audits, lag, archive, disk, results of settled markets,\n' +
        'versions, and the alarms that fire now. A line that is not as it should be is marked with ! and says what to do.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow report\n  kalshiflow report --day yesterday --zone America/New_York\n  kalshiflow report --json --clean-min 99.99\n\n' +
        'Exit code: 0 every line is as it should be, 1 one is not, 2 could not run, or could not be sent.',
    )
    .action(async (flags: ReportFlags) => {
      const nowMs = Date.now()
      const folder = folderToRead(flags)
      const asked = rangeOf(flags, nowMs, wallTime(nowMs, flags.zone).day)
      const range = asked.hasFrom ? asked : { ...asked, fromMs: Math.min(asked.toMs, nowMs) - DAY_MS }
      const progress = showProgress('reading')
      const report = await buildReport({
        ...{ folder, range, nowMs, isRecording: isRecording(folder), onProgress: progress.tell },
        limits: {
          cleanMin: flags.cleanMin,
          marketMin: flags.marketMin,
          lagMsMax: flags.lagMax,
          resultMsMax: flags.resultWithin,
        },
      }).finally(progress.end)
      if (flags.json === true) printJson(reportJson(report))
      else print(renderReport(report).join('\n'))
      process.exitCode = report.isClean ? EXIT.DONE : EXIT.FAULTS
      if (flags.send === true && !(await sendReport(report, flags))) process.exitCode = EXIT.COULD_NOT_RUN
    })
}

function percent(text: string): number {
  const value = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= 100) return value
  throw new InvalidArgumentError('needed: a share from 0 to 100, such as 99.9.')
}
