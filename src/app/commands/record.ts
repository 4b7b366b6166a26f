/** `kalshiflow record`: the recorder alone, against the exchange that the configuration names. Never the simulator. */
import type { Command } from 'commander'
import { loadConfig } from '../config/config-load.ts'
import { runService } from '../service/run-service.ts'
import { tellAccount } from './account.ts'
import { overridesOf, RECORDING_EXIT_CODES, type RecorderFlags, withRecorder } from './shared.ts'

export function addRecord(program: Command): void {
  withRecorder(program.command('record'))
    .summary('record order books into the journal')
    .description(
      'Connects to the exchange of KALSHI_WS_URL, journals every frame and keeps the books, until Ctrl-C.\n' +
        'Without tickers it takes the open markets with the most volume, and those that open later. Serves /rl/health and\n' +
        '/rl/metrics on PORT, or goes on without where it is taken. Never falls back to the built-in exchange.',
    )
    .addHelpText(
      'after',
      `\nExamples:\n  kalshiflow record --markets KXBTC15M-26NOV221200-00 --for 15m\n  kalshiflow record --max-markets 20 --json\n\n${RECORDING_EXIT_CODES}`,
    )
    .action(async (flags: RecorderFlags) => {
      const { profile, maxMarkets, store } = flags
      const { config, notices } = loadConfig({ overrides: overridesOf(flags), profile, needsKey: 'always' })
      const { environment, dataFolder } = config
      const run = {
        command: 'record',
        maxMarkets,
        store,
        forMs: flags.for,
        api: flags.serve ? 'health' : undefined,
      } as const
      const account = await runService({ ...run, config, notices, environment, dataFolder })
      process.exitCode = await tellAccount(account, flags.json === true)
    })
}
