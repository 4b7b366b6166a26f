/** `kalshiflow doctor`: looks at everything a recording needs, and says what is wrong and how to mend it. Changes nothing. */
import { type Command, Option } from 'commander'
import { CHECKS } from '../doctor/checks.ts'
import { renderChecks } from '../doctor/render-checks.ts'
import { runChecks } from '../doctor/run-checks.ts'
import { lookAround } from '../doctor/surroundings.ts'
import { wantsColour } from '../log/log.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './failure.ts'
import { print, printJson } from './output.ts'
import { type CommonFlags, withData, withJson } from './shared.ts'

type DoctorFlags = CommonFlags & {
  readonly database?: string
  readonly offline?: boolean
  readonly only?: readonly string[]
}

const NAMES = CHECKS.map(({ name }) => name)

export function addDoctor(program: Command): void {
  withJson(withData(program.command('doctor')))
    .option('--database <url>', 'PostgreSQL to look at (DATABASE_URL; default: the embedded server)')
    .option('--offline', 'ask nothing beyond this machine')
    .addOption(new Option('--only <checks...>', 'these checks alone').choices(NAMES))
    .summary('what is wrong here, and how to mend it')
    .description(
      'Looks at settings, key and scopes, exchange, clock, disk, journal, database, ports and limits, side by side, each\n' +
        'within a time. Nothing is changed: a file that a disk is measured with is removed.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow doctor\n  kalshiflow doctor --profile demo --json\n  kalshiflow doctor --offline --only disk-sync disk-space\n\n' +
        `Checks: ${NAMES.join(', ')}.\nExit code: 0 nothing is bad, 1 something is, 2 could not run.`,
    )
    .action(async (flags: DoctorFlags) => {
      const surroundings = lookAround(flags)
      const chosen = CHECKS.filter(({ name }) => flags.only?.includes(name) ?? true)
      const checked = await runChecks(chosen, surroundings)
      const isGood = checked.every(({ state }) => state !== 'bad')
      if (flags.json === true) {
        const { environment, dataFolder } = surroundings
        printJson({ good: isGood, version: VERSION, environment, data_folder: dataFolder, checks: checked })
      } else print(renderChecks(checked, wantsColour(process.stdout.isTTY === true, process.env)))
      process.exitCode = isGood ? EXIT.DONE : EXIT.FAULTS
    })
}
