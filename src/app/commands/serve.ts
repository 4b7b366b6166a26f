/**
 * `kalshiflow serve`: the API apart from the recorder, over its control socket and its journal. Without a recorder it serves
 * the finished journal, whose books are those of a recording that has ended, and goes on looking for one.
 */
import { type Command, Option } from 'commander'
import type { Environment } from '#domain'
import { FileDisk, listSegments } from '#journal'
import { apiOptionsOf } from '../api/open-api.ts'
import { loadConfig } from '../config/config-load.ts'
import type { SettingName } from '../config/config-settings.ts'
import { tellApiEvent } from '../log/api-log.ts'
import { openLog, wantsColour } from '../log/log.ts'
import { VERSION } from '../version.ts'
import { type CommonFlags, count, duration, folderToRead, overridesOf, withData } from './shared.ts'
import { untilStopped } from './stop-signals.ts'

type ServeFlags = CommonFlags & {
  readonly store: boolean
  readonly database?: string
  readonly port?: number
  readonly host?: string
  readonly for?: number
}

export function addServe(program: Command): void {
  withData(program.command('serve'))
    .addOption(new Option('--port <port>', 'PORT, 8001; 0 takes a free one').argParser(count(0, 65_535)))
    .option('--host <host>', 'KALSHIFLOW_HOST, 127.0.0.1; beyond this machine KALSHIFLOW_READ_TOKEN is needed')
    .option('--no-store', 'without the database: gaps and sessions from the journal alone')
    .option('--database <url>', 'PostgreSQL to read from (DATABASE_URL; default: the embedded server)')
    .addOption(new Option('--for <duration>', 'stop by itself after 90s, 5m, 2h').argParser(duration))
    .summary('the API apart from a recorder')
    .description(
      'Serves the books of a recorder that runs on the same data folder (one started with `record`, for one), or of a\n' +
        'journal that is finished; a recorder that starts later is followed. Several may run beside one recorder.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow serve --data ./data/prod\n  kalshiflow serve --profile demo --port 8002\n\nExit code: 0 ended as asked, 2 could not run.',
    )
    .action(serve)
}

async function serve(flags: ServeFlags): Promise<void> {
  const dataFolder = folderToRead(flags)
  const overrides: Partial<Record<SettingName, string>> = {
    ...overridesOf(flags),
    ...(flags.host === undefined ? {} : { KALSHIFLOW_HOST: flags.host }),
  }
  const { config, notices } = loadConfig({ overrides, profile: flags.profile, needsKey: 'never' })
  const { log, flush } = openLog({ ...config.log, colour: wantsColour(process.stderr.isTTY === true, process.env) })
  const signals = untilStopped(flags.for)
  for (const { name, text } of notices) log.warn({ event: 'config_notice', name }, text)
  try {
    const environment = (await environmentIn(dataFolder)) ?? (config.exchangeChosen ? config.environment : 'sim')
    log.info({ event: 'program_started', command: 'serve', version: VERSION, environment, dataFolder })
    // Here alone, so that no other command takes the time to load it.
    const { startApi } = await import('#api')
    const options = apiOptionsOf({ config, environment, dataFolder, api: 'all', store: flags.store })
    const api = await startApi({ ...options, onEvent: (event) => tellApiEvent(log, event) })
    if (process.stderr.isTTY === true) process.stderr.write(`Serving ${api.url}/rl/status; Ctrl-C ends it.\n`)
    const { reason } = await signals.stopped
    await api.close()
    log.info({ event: 'program_stopped', reason })
  } finally {
    flush()
  }
}

/** Of the journal that lies there; `undefined` when there is none yet. */
async function environmentIn(dataFolder: string): Promise<Environment | undefined> {
  const segments = await listSegments(new FileDisk(), `${dataFolder}/journal`).catch(() => [])
  return segments.find((each) => each.environment !== undefined)?.environment
}
