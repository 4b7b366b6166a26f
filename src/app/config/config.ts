/**
 * The configuration as the program uses it: from the texts of the command line, the environment and `.env` to one frozen
 * object with units in its names.
 *
 * Pure over its inputs; src/app/config/config-load.ts reads the process and the file. All faults are told at once, none of them
 * with a secret in it. Where a text stands decides who wins: command line, then environment, then `.env`; an empty text
 * means unset, so that a line of `.env` can be hidden for one run.
 */
import { type Environment, environmentOf } from '#domain'
import { ConfigError, type ConfigFault, type ConfigNotice } from './config-error.ts'
import { apiUrlFor } from './config-exchange.ts'
import { aboutOf, type TimeOfDay } from './config-fields.ts'
import { maskFound } from './config-mask.ts'
import { noticeNames } from './config-names.ts'
import { checkRules } from './config-rules.ts'
import {
  type LOG_LEVELS,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  Settings as settingsShape,
} from './config-settings.ts'
import { MASK, type Secret } from './secret.ts'

export type Texts = Readonly<Record<string, string | undefined>>

export type ConfigSources = {
  readonly environment: Texts
  readonly dotenv?: Texts
  /** How that file is named to people; `.env` unless told. */
  readonly dotenvName?: string
  /** Faults of the `.env` file itself, told with the others. */
  readonly dotenvFaults?: readonly ConfigFault[]
  /** From the command line, under the names of the settings. */
  readonly overrides?: Partial<Readonly<Record<SettingName, string>>>
  /**
   * When a key for prod or demo must be there: `always` for a command that only records a real exchange, `if_chosen` (the
   * default) where the built-in exchange is recorded as long as nobody chose another, `never` for work on what is stored.
   */
  readonly needsKey?: 'always' | 'if_chosen' | 'never'
  /** Whether log lines go to a terminal. */
  readonly terminal?: boolean
  /** What `~` stands for at the beginning of a path. */
  readonly home?: string
}

/** Where a value came from. `derived`: from other settings; `unset`: there is none. */
export type Origin = 'command line' | 'environment' | '.env' | 'default' | 'derived' | 'unset'

export type Config = {
  /** Follows from the host of {@link Config.exchange}. */
  readonly environment: Exclude<Environment, 'import'>
  /** Whether any `KALSHI_…` name was set. When none was, `start` records the built-in exchange. */
  readonly exchangeChosen: boolean
  readonly exchange: {
    readonly wsUrl: string
    /** Without a slash at its end. */
    readonly apiUrl: string
    readonly keyId: string | undefined
    readonly key: { readonly path: string } | { readonly content: Secret } | undefined
    /** Whether a key that may do more than read is refused. */
    readonly strictKey: boolean
    readonly useYesPrice: boolean
    readonly pingSilenceMs: number
    /** Within which every proven book is audited; 0 audits none. */
    readonly auditMs: number
    readonly marketsPerConnection: number
    readonly connectionsMax: number
    /** Past it a connection is replaced; 0: never. */
    readonly messageAgeMsMax: number
  }
  /** Tickers asked for; empty when the recorder is to choose. */
  readonly markets: readonly string[]
  /** Named by --profile or KALSHIFLOW_PROFILE. */
  readonly profile: string | undefined
  readonly dataFolder: string
  readonly journal: {
    readonly commitIntervalMs: number
    readonly bufferBytes: number
    /** Kept free on the disk. */
    readonly reserveBytes: number
    readonly segmentBytes: number
    readonly segmentMs: number
    readonly seal: boolean
    readonly checkpointDeltas: number
    readonly checkpointMs: number
  }
  readonly archive: {
    /** A folder, or s3://bucket/prefix. Absent: nothing is archived. */
    readonly to: string | undefined
    readonly endpoint: string | undefined
    /** Absent: nothing is removed. */
    readonly keepDays: number | undefined
  }
  readonly store: {
    /** Absent: the embedded server. */
    readonly databaseUrl: Secret | undefined
    /** The profile's own in a database that was named; the embedded server belongs to one data folder anyway. */
    readonly schema: string
    readonly batchRows: number
    readonly flushIntervalMs: number
    /** Deltas of a market in one window; 1 keeps each. */
    readonly sampleRate: number
    readonly queueRowsMax: number
  }
  readonly api: {
    /** Beyond loopback only with a read token. */
    readonly host: string
    /** 0: a free one. */
    readonly port: number
    readonly readToken: Secret | undefined
    readonly adminToken: Secret | undefined
    readonly corsOrigins: readonly string[]
  }
  readonly alert: {
    readonly webhook: { readonly url: Secret; readonly secret: Secret | undefined } | undefined
    readonly slackUrl: Secret | undefined
    readonly mail: { readonly url: Secret; readonly from: string; readonly to: readonly string[] } | undefined
    /** As written; `changeRules` reads it. */
    readonly rules: string
    readonly repeatMs: number
    readonly deadManUrl: Secret | undefined
    readonly deadManMs: number
    readonly reportAt: TimeOfDay | undefined
  }
  readonly log: { readonly level: (typeof LOG_LEVELS)[number]; readonly format: 'pretty' | 'json' }
  /** Where each setting came from, for display. */
  readonly origins: Readonly<Record<SettingName, Origin>>
}

const MIB = 1024 * 1024
const MINUTE_MS = 60_000

/** The configuration, and what is worth telling about it. Throws a {@link ConfigError} that names every fault. */
export function readConfig(sources: ConfigSources): {
  readonly config: Config
  readonly notices: readonly ConfigNotice[]
} {
  const { environment, dotenv = {}, overrides = {}, needsKey = 'if_chosen', terminal = false } = sources
  const texts = { 'command line': overrides as Texts, environment, '.env': dotenv }
  const notices = noticeNames(
    Object.keys(environment).filter((name) => environment[name]),
    Object.keys(dotenv).filter((name) => dotenv[name]),
  )
  const exchangeChosen = Object.values(texts).some((each) =>
    Object.keys(each).some((name) => /^KALSHI_/i.test(name) && each[name]),
  )

  const faults: ConfigFault[] = [...(sources.dotenvFaults ?? [])]
  const secrets = secretTexts(texts)
  const read: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const name of SETTING_NAMES) {
    const found = find(texts, name)
    origins[name] = found?.origin ?? 'default'
    const parsed = settingsShape.shape[name].safeParse(found?.text)
    if (parsed.success) read[name] = parsed.data
    else {
      const fault = faultOf(name, found!.text, placeOf(found!.origin, sources), parsed.error.issues[0]!.message)
      faults.push(secrets.some((secret) => found!.text.includes(secret)) ? { ...fault, found: MASK } : fault)
    }
  }
  const settings = read as Partial<Settings>
  for (const name of ['KALSHI_PRIVATE_KEY_PATH', 'KALSHIFLOW_DATA'] as const) {
    if (settings[name]?.startsWith('~/') && sources.home !== undefined)
      settings[name] = sources.home + settings[name].slice(1)
  }
  faults.push(...checkRules(settings, needsKey === 'always' || (needsKey === 'if_chosen' && exchangeChosen)))
  if (faults.length > 0) throw new ConfigError(faults, notices)

  const complete = settings as Settings
  if (complete.RL_MARKET_TICKERS !== undefined && complete.RL_MARKET_TICKER !== undefined) {
    notices.push({ name: 'RL_MARKET_TICKER', text: 'RL_MARKET_TICKER is not used, since RL_MARKET_TICKERS is set.' })
  }
  return { config: arrange(complete, exchangeChosen, terminal, origins), notices }
}

function arrange(read: Settings, exchangeChosen: boolean, terminal: boolean, origins: Record<string, Origin>): Config {
  const environment = environmentOf(read.KALSHI_WS_URL.hostname)
  const { KALSHI_PRIVATE_KEY_PATH: path, KALSHI_PRIVATE_KEY_CONTENT: content } = read
  for (const name of ['KALSHI_API_URL', 'KALSHIFLOW_DATA', 'LOG_FORMAT'] as const) {
    if (read[name] === undefined) origins[name] = 'derived'
  }
  for (const name of SETTING_NAMES) {
    if (read[name] === undefined && origins[name] === 'default') origins[name] = 'unset'
  }
  return deepFreeze<Config>({
    environment,
    exchangeChosen,
    exchange: {
      wsUrl: read.KALSHI_WS_URL.href,
      apiUrl: (read.KALSHI_API_URL ?? apiUrlFor(read.KALSHI_WS_URL)).href,
      keyId: read.KALSHI_API_KEY_ID,
      key: path !== undefined ? { path } : content !== undefined ? { content } : undefined,
      strictKey: read.KALSHIFLOW_STRICT_KEY,
      useYesPrice: read.KALSHIFLOW_USE_YES_PRICE,
      pingSilenceMs: read.KALSHIFLOW_PING_SILENCE_MS,
      auditMs: read.KALSHIFLOW_AUDIT_MINUTES * MINUTE_MS,
      marketsPerConnection: read.KALSHIFLOW_MARKETS_PER_CONNECTION,
      connectionsMax: read.KALSHIFLOW_CONNECTIONS_MAX,
      messageAgeMsMax: read.KALSHIFLOW_MESSAGE_AGE_MAX_MS,
    },
    markets: read.RL_MARKET_TICKERS ?? read.RL_MARKET_TICKER ?? [],
    profile: read.KALSHIFLOW_PROFILE,
    dataFolder: read.KALSHIFLOW_DATA ?? `./data/${read.KALSHIFLOW_PROFILE ?? environment}`,
    journal: {
      commitIntervalMs: read.KALSHIFLOW_COMMIT_INTERVAL_MS,
      bufferBytes: read.KALSHIFLOW_BUFFER_MB * MIB,
      reserveBytes: read.KALSHIFLOW_DISK_RESERVE_MB * MIB,
      segmentBytes: read.KALSHIFLOW_SEGMENT_MB * MIB,
      segmentMs: read.KALSHIFLOW_SEGMENT_MINUTES * MINUTE_MS,
      seal: read.KALSHIFLOW_SEAL,
      checkpointDeltas: read.KALSHIFLOW_CHECKPOINT_DELTAS,
      checkpointMs: read.KALSHIFLOW_CHECKPOINT_MINUTES * MINUTE_MS,
    },
    archive: {
      to: read.KALSHIFLOW_ARCHIVE_TO,
      endpoint: read.KALSHIFLOW_ARCHIVE_ENDPOINT,
      keepDays: read.KALSHIFLOW_KEEP_DAYS,
    },
    store: {
      databaseUrl: read.DATABASE_URL,
      schema: schemaOf(read.DATABASE_URL === undefined ? undefined : read.KALSHIFLOW_PROFILE),
      batchRows: read.RL_ORDERBOOK_BATCH_SIZE,
      flushIntervalMs: read.RL_ORDERBOOK_FLUSH_INTERVAL,
      sampleRate: read.RL_ORDERBOOK_SAMPLE_RATE,
      queueRowsMax: read.RL_ORDERBOOK_MAX_QUEUE_SIZE,
    },
    api: {
      host: read.KALSHIFLOW_HOST,
      port: read.PORT,
      readToken: read.KALSHIFLOW_READ_TOKEN,
      adminToken: read.KALSHIFLOW_ADMIN_TOKEN,
      corsOrigins: read.KALSHIFLOW_CORS_ORIGINS ?? [],
    },
    alert: alertOf(read),
    log: { level: read.RL_LOG_LEVEL, format: read.LOG_FORMAT ?? (terminal ? 'pretty' : 'json') },
    origins: origins as Record<SettingName, Origin>,
  })
}

function alertOf(read: Settings): Config['alert'] {
  const { KALSHIFLOW_ALERT_WEBHOOK_URL: webhook, KALSHIFLOW_ALERT_SMTP_URL: smtp } = read
  const { KALSHIFLOW_ALERT_MAIL_FROM: from, KALSHIFLOW_ALERT_MAIL_TO: to } = read
  return {
    webhook: webhook === undefined ? undefined : { url: webhook, secret: read.KALSHIFLOW_ALERT_WEBHOOK_SECRET },
    slackUrl: read.KALSHIFLOW_ALERT_SLACK_URL,
    mail: smtp === undefined || from === undefined || to === undefined ? undefined : { url: smtp, from, to },
    rules: read.KALSHIFLOW_ALERT_RULES ?? '',
    repeatMs: read.KALSHIFLOW_ALERT_REPEAT_HOURS * 60 * MINUTE_MS,
    deadManUrl: read.KALSHIFLOW_DEADMAN_URL,
    deadManMs: read.KALSHIFLOW_DEADMAN_SECONDS * 1000,
    reportAt: read.KALSHIFLOW_REPORT_AT,
  }
}

/** `kalshiflow`, or with a profile its own: a name takes no underscore, so two never meet in one schema. */
const schemaOf = (profile: string | undefined): string =>
  profile === undefined ? 'kalshiflow' : `kalshiflow_${profile.replaceAll('-', '_')}`

/** The first place that says anything about the setting; an empty text says that it is unset. */
function find(texts: Readonly<Record<string, Texts>>, name: SettingName): { text: string; origin: Origin } | undefined {
  for (const [origin, each] of Object.entries(texts)) {
    const text = Object.hasOwn(each, name) ? each[name]?.trim() : undefined
    if (text !== undefined) return text === '' ? undefined : { text, origin: origin as Origin }
  }
  return undefined
}

/** Shorter ones are refused as secrets, and stand in other values by chance. */
const SECRET_LENGTH_MIN = 12

/** What stands in the settings that hold secrets: not to be shown where it was put into another one as well. */
function secretTexts(texts: Readonly<Record<string, Texts>>): string[] {
  const names = SETTING_NAMES.filter((name) => aboutOf(settingsShape.shape[name]).secret === true)
  return names.flatMap((name) => find(texts, name)?.text ?? []).filter(({ length }) => length >= SECRET_LENGTH_MIN)
}

function placeOf(origin: Origin, { dotenvName = '.env' }: ConfigSources): string {
  if (origin === 'command line') return 'on the command line'
  return origin === '.env' ? `in ${dotenvName}` : 'in the environment'
}

function faultOf(name: SettingName, text: string, place: string, needed: string): ConfigFault {
  const fallback = fallbackOf(name)
  const otherwise = fallback === undefined ? 'remove it' : `remove it to take ${fallback}`
  return { name, found: maskFound(name, text), needed, remedy: `Correct it ${place}, or ${otherwise}.` }
}

function fallbackOf(name: SettingName): string | undefined {
  const { fallback, derived } = aboutOf(settingsShape.shape[name])
  return fallback ?? (derived === undefined ? undefined : `what ${derived}`)
}

function deepFreeze<T extends object>(value: T): T {
  for (const each of Object.values(value)) if (typeof each === 'object' && each !== null) deepFreeze(each)
  return Object.freeze(value)
}
