/**
 * `kalshiflow start`: everything with one command: recorder, store and API. Without any KALSHI_… setting it records the
 * built-in exchange, whose markets open, trade and settle, and says so.
 */
import type { Command } from 'commander'
import { Option } from 'commander'
import { describeFaults } from '#exchange'
import { loadConfig } from '../config/config-load.ts'
import { BuiltInExchange } from '../exchange/built-in-exchange.ts'
import { runService } from '../service/run-service.ts'
import type { RunAccount } from '../service/stop-service.ts'
import { tellAccount } from './account.ts'
import { FAULTS_HELP } from './exchange.ts'
import { print } from './output.ts'
import { count, life, overridesOf, RECORDING_EXIT_CODES, type RecorderFlags, withRecorder } from './shared.ts'

type StartFlags = RecorderFlags & {
  readonly sim?: boolean
  readonly seed?: number
  readonly life?: readonly [number, number]
  readonly faults?: string
}

/** Faults can be asked of the built-in exchange alone. */
class FaultsElsewhere extends Error {
  override readonly name = 'FaultsElsewhere'
  readonly code = 'FLOW_OPTIONS'

  constructor() {
    super('--faults is for the built-in exchange, and another is configured: add --sim, or leave --faults out')
  }
}

/** Of the built-in exchange: enough to look at, and little enough for any machine. */
const BUILT_IN = { markets: 24, framesPerSecond: 150, ageMs: 15 * 60_000 }

export function addStart(program: Command): void {
  withRecorder(program.command('start'))
    .option('--sim', 'record the built-in exchange although another is configured')
    .addOption(new Option('--seed <n>', 'of the built-in exchange').argParser(count(0, 2 ** 32)))
    .addOption(new Option('--life <min-max>', 'how long its markets live (2m-15m)').argParser(life))
    .option('--faults <spec>', 'what is to go wrong with it, such as cut@20s+60s; help tells all of it')
    .summary('record, store and serve; without an account, the built-in exchange')
    .description(
      'Records the exchange that the configuration names, stores it in PostgreSQL and serves books over HTTP. When no\n' +
        'KALSHI_ setting is there, it records the built-in exchange instead: no account and no network are needed.',
    )
    .addHelpText(
      'after',
      `\nExamples:\n  kalshiflow start\n  kalshiflow start --sim --for 30s\n  kalshiflow start --sim --faults drop=0.1%,cut@20s+60s\n  kalshiflow start --profile demo --port 8002\n\n${RECORDING_EXIT_CODES}`,
    )
    .action(async (flags: StartFlags) => {
      if (flags.faults === FAULTS_HELP) {
        print(describeFaults())
        return
      }
      process.exitCode = await tellAccount(await start(flags), flags.json === true)
    })
}

async function start(flags: StartFlags): Promise<RunAccount> {
  const { profile, maxMarkets, store, sim = false } = flags
  const overrides = overridesOf(flags)
  const run = { command: 'start', maxMarkets, store, forMs: flags.for, api: flags.serve ? 'all' : undefined } as const
  const { config, notices } = loadConfig({ overrides, profile, needsKey: sim ? 'never' : 'if_chosen' })
  if (config.exchangeChosen && !sim) {
    if (flags.faults !== undefined) throw new FaultsElsewhere()
    const { environment, dataFolder } = config
    return runService({ ...run, config, notices, environment, dataFolder })
  }
  const { markets, framesPerSecond } = BUILT_IN
  const exchange = new BuiltInExchange({
    port: 0,
    keyType: 'ed25519',
    markets,
    ratePerSecond: framesPerSecond,
    // It has been running: markets of every age, some of which settle within the first minutes.
    ageMs: BUILT_IN.ageMs,
    ...(flags.life === undefined ? {} : { lifeMs: flags.life }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.faults === undefined ? {} : { faults: flags.faults }),
  })
  try {
    const { url, restUrl, keyPem } = await exchange.start()
    const built = loadConfig({
      profile,
      overrides: {
        ...overrides,
        KALSHI_WS_URL: url,
        KALSHI_API_URL: restUrl,
        KALSHI_API_KEY_ID: 'built-in',
        KALSHI_PRIVATE_KEY_CONTENT: keyPem,
        // An empty text hides what the environment says: its tickers are those of another exchange.
        KALSHI_PRIVATE_KEY_PATH: '',
        ...(flags.markets === undefined ? { RL_MARKET_TICKERS: '', RL_MARKET_TICKER: '' } : {}),
      },
    })
    return await runService({
      ...run,
      config: built.config,
      notices: built.notices,
      environment: 'sim',
      dataFolder: built.config.dataFolder,
      builtIn: { exchange, framesPerSecond },
    })
  } finally {
    await exchange.close()
  }
}
