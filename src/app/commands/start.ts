/**
 * `kalshiflow start`: everything with one command. Without any KALSHI_… setting it records the built-in exchange, which
 * plays the demo capture in a loop, and says so.
 */
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { loadConfig } from '../config/config-load.ts'
import { runRecorder } from '../recorder/run-recorder.ts'
import { tellAccount } from './account.ts'
import { startExchangeThread } from './exchange-thread.ts'
import { overridesOf, type RecorderFlags, withRecorder } from './shared.ts'

export const DEMO_CAPTURE = fileURLToPath(new URL('../../../captures/demo.jsonl.gz', import.meta.url))

type StartFlags = RecorderFlags & { readonly sim?: boolean }

export function addStart(program: Command): void {
  withRecorder(program.command('start'))
    .option('--sim', 'record the built-in exchange although another is configured')
    .summary('record; without an account, the built-in exchange')
    .description(
      'Records the exchange that the configuration names. When no KALSHI_ setting is there, it records the built-in\n' +
        'exchange instead, which plays a small capture in a loop: no account and no network are needed.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow start\n  kalshiflow start --sim --for 30s\n\nExit code: 0 everything received is on disk, 1 something is not (or it never connected),\n2 could not run, 3 all on disk and the database behind until the next start.',
    )
    .action(async (flags: StartFlags) => {
      const { config, notices } = loadConfig({
        overrides: overridesOf(flags),
        profile: flags.profile,
        needsKey: flags.sim === true ? 'never' : 'if_chosen',
      })
      const run = { command: 'start', maxMarkets: flags.maxMarkets, forMs: flags.for, store: flags.store }
      if (config.exchangeChosen && flags.sim !== true) {
        const { environment, dataFolder } = config
        process.exitCode = tellAccount(
          await runRecorder({ ...run, config, notices, environment, dataFolder }),
          flags.json === true,
        )
        return
      }
      process.exitCode = await recordBuiltIn(flags, run)
    })
}

async function recordBuiltIn(
  flags: StartFlags,
  run: { command: string; maxMarkets: number; forMs: number | undefined; store: boolean },
): Promise<number> {
  const exchange = await startExchangeThread({ port: 0, capture: DEMO_CAPTURE, loop: true, keyType: 'ed25519' })
  try {
    const { config, notices } = loadConfig({
      profile: flags.profile,
      overrides: {
        ...overridesOf(flags),
        KALSHI_WS_URL: exchange.url,
        KALSHI_API_URL: exchange.restUrl,
        KALSHI_API_KEY_ID: 'built-in',
        KALSHI_PRIVATE_KEY_CONTENT: exchange.keyPem,
        // An empty text hides what the environment says.
        KALSHI_PRIVATE_KEY_PATH: '',
        ...(flags.markets === undefined ? { RL_MARKET_TICKERS: exchange.tickers.join(','), RL_MARKET_TICKER: '' } : {}),
      },
    })
    const account = await runRecorder({
      ...run,
      config,
      notices,
      environment: 'sim',
      dataFolder: config.dataFolder,
      failed: exchange.failed,
      onStarted: (_, log) => {
        log.info(
          { event: 'built_in_exchange', url: exchange.url, markets: exchange.tickers.length },
          `recording the built-in exchange, which plays a demo capture in a loop; look at a book with: npx kalshiflow book ${exchange.tickers[0]}${flags.data === undefined ? '' : ` --data ${JSON.stringify(flags.data)}`}`,
        )
      },
    })
    return tellAccount(account, flags.json === true)
  } finally {
    await exchange.close()
  }
}
