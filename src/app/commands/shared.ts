/** Options that several commands take, and how their texts become settings. */
import { existsSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/config-load.ts'
import type { SettingName } from '../config/config-settings.ts'
import { parseDuration } from './duration.ts'

export type CommonFlags = { readonly data?: string; readonly profile?: string; readonly json?: boolean }

export type RecorderFlags = CommonFlags & {
  /** `false` with --no-store. */
  readonly store: boolean
  readonly database?: string
  readonly markets?: string
  readonly maxMarkets: number
  readonly strictKey?: boolean
  /** `false` with --no-serve. */
  readonly serve: boolean
  readonly port?: number
  readonly for?: number
}

export const withData = (command: Command): Command =>
  command
    .option('--data <folder>', 'data folder (KALSHIFLOW_DATA; default ./data/<environment>)')
    .option('--profile <name>', 'settings from .env.<name>, data in ./data/<name>, a schema of its own')

export const withJson = (command: Command): Command => command.option('--json', 'one JSON value on standard output')

export const withRecorder = (command: Command): Command =>
  withJson(withData(command))
    .option('--no-store', 'journal only: nothing is written to PostgreSQL')
    .option(
      '--database <url>',
      'PostgreSQL to store into (DATABASE_URL; default: an embedded server in the data folder)',
    )
    .option('--strict-key', 'refuse a key that may do more than read (KALSHIFLOW_STRICT_KEY)')
    .option('--no-serve', 'nothing is served over HTTP')
    .option('--markets <tickers>', 'tickers with commas between them (RL_MARKET_TICKERS)')
    .addOption(
      new Option('--max-markets <n>', 'without tickers: how many of the open markets with the most volume')
        .default(100)
        .argParser(count(1, 1000)),
    )
    .addOption(new Option('--port <port>', 'to serve on (PORT, 8001); 0 takes a free one').argParser(count(0, 65_535)))
    .addOption(new Option('--for <duration>', 'stop by itself after 90s, 5m, 2h').argParser(duration))

export const RECORDING_EXIT_CODES =
  'Exit code: 0 everything received is on disk, 1 something is not (or it never connected),\n' +
  '2 could not run, 3 all on disk and the database behind until the next start.'

/** A whole number within bounds, for commander. */
export const count = (least: number, most: number) => (text: string) => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most))
    throw new InvalidArgumentError(`needed: a whole number from ${least} to ${most}.`)
  return value
}

export function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('needed: a duration such as 500ms, 90s, 5m, 2h or 7d.')
  return ms
}

/** How long markets live: the least and the most, in ms. */
export function life(text: string): readonly [number, number] {
  const [shortest, longest = shortest, ...more] = text.split('-').map(parseDuration)
  if (shortest === undefined || longest === undefined || more.length > 0 || shortest > longest)
    throw new InvalidArgumentError('needed: two durations, the shorter first, such as 2m-15m, or one such as 30s.')
  return [shortest, longest]
}

/** Flags under the names of the settings that they stand for. */
export function overridesOf(flags: {
  readonly data?: string
  readonly markets?: string
  readonly database?: string
  readonly port?: number
  readonly strictKey?: boolean
}): Partial<Record<SettingName, string>> {
  const { data, markets, database, port, strictKey } = flags
  return {
    ...(data === undefined ? {} : { KALSHIFLOW_DATA: data }),
    ...(markets === undefined ? {} : { RL_MARKET_TICKERS: markets }),
    ...(database === undefined ? {} : { DATABASE_URL: database }),
    ...(strictKey === true ? { KALSHIFLOW_STRICT_KEY: 'true' } : {}),
    ...(port === undefined ? {} : { PORT: String(port) }),
  }
}

export class NoData extends Error {
  override readonly name = 'NoData'
  readonly code = 'FLOW_NO_DATA'
}

/** The folder that a command which only reads is to read; named by hand, no setting is looked at. Throws when it is not there. */
export function folderToRead(flags: CommonFlags): string {
  const folder = flags.data ?? dataFolderOf(loadConfig({ needsKey: 'never', profile: flags.profile }).config)
  if (!existsSync(folder))
    throw new NoData(`${folder} is not there: name the data folder with --data; \`kalshiflow start\` makes ./data/sim`)
  return folder
}

/**
 * The folder that a command without a connection reads: as configured, else that of the exchange chosen, else that of
 * the simulation, which is what `start` records when nothing is configured.
 */
export const dataFolderOf = (config: Config): string =>
  config.exchangeChosen || config.profile !== undefined || config.origins.KALSHIFLOW_DATA !== 'derived'
    ? config.dataFolder
    : './data/sim'
