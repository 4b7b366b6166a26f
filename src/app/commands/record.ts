/** `kalshiflow record`: the recorder alone, against the exchange that the configuration names. Never the simulator. */
import type { Command } from 'commander'
import { loadConfig } from '../config/config-load.ts'
import { runRecorder } from '../recorder/run-recorder.ts'
import { tellAccount } from './account.ts'
import { overridesOf, type RecorderFlags, withRecorder } from './shared.ts'

export function addRecord(program: Command): void {
  withRecorder(program.command('record'))
    .summary('record order books into the journal')
    .description(
      'Connects to the exchange of KALSHI_WS_URL, journals every frame and keeps the books, until Ctrl-C.\n' +
        'Without tickers it takes the open markets with the most volume. Never falls back to the built-in exchange.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow record --markets KXBTC15M-26NOV221200-00 --for 15m\n  kalshiflow record --max-markets 20 --json\n\n' +
        'Exit code: 0 everything received is on disk, 1 something is not (or it never connected),\n2 could not run, 3 all on disk and the database behind until the next start.',
    )
    .action(async (flags: RecorderFlags) => {
      const { config, notices } = loadConfig({
        overrides: overridesOf(flags),
        profile: flags.profile,
        needsKey: 'always',
      })
      const account = await runRecorder({
        config,
        notices,
        environment: config.environment,
        dataFolder: config.dataFolder,
        command: 'record',
        maxMarkets: flags.maxMarkets,
        store: flags.store,
        forMs: flags.for,
      })
      process.exitCode = tellAccount(account, flags.json === true)
    })
}
