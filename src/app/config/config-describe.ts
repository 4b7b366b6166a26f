/** The configuration for people: one row for each setting, secrets masked. */
import type { Config, Origin } from './config.ts'
import { aboutOf, type TimeOfDay } from './config-fields.ts'
import { maskDatabaseUrl, maskKeyId } from './config-mask.ts'
import { SETTING_NAMES, type SettingName, Settings } from './config-settings.ts'
import { MASK } from './secret.ts'

export type ConfigRow = {
  readonly name: SettingName
  /** As one would write it; masked where it is a secret; `''` when unset. */
  readonly value: string
  readonly origin: Origin
  readonly about: string
}

/** All settings, in the order of `.env.example`. */
export function describeConfig(config: Config): ConfigRow[] {
  const values = valuesOf(config)
  return SETTING_NAMES.map((name) => ({
    name,
    value: values[name],
    origin: config.origins[name],
    about: aboutOf(Settings.shape[name]).about,
  }))
}

const masked = (secret: object | undefined): string => (secret === undefined ? '' : MASK)

function tellTimeOfDay({ minutes, zone }: TimeOfDay): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)} ${zone}`
}

function valuesOf({ exchange, journal, store, alert, ...config }: Config): Record<SettingName, string> {
  const { key, keyId } = exchange
  const bySingle = config.origins.RL_MARKET_TICKERS === 'unset'
  const markets = config.markets.join(',')
  return {
    KALSHI_API_KEY_ID: keyId === undefined ? '' : maskKeyId(keyId),
    KALSHI_PRIVATE_KEY_PATH: key !== undefined && 'path' in key ? key.path : '',
    KALSHI_PRIVATE_KEY_CONTENT: key !== undefined && 'content' in key ? MASK : '',
    KALSHIFLOW_STRICT_KEY: String(exchange.strictKey),
    KALSHI_WS_URL: exchange.wsUrl,
    KALSHI_API_URL: exchange.apiUrl,
    RL_MARKET_TICKERS: bySingle ? '' : markets,
    RL_MARKET_TICKER: bySingle ? markets : '',
    KALSHIFLOW_MARKETS_PER_CONNECTION: String(exchange.marketsPerConnection),
    KALSHIFLOW_CONNECTIONS_MAX: String(exchange.connectionsMax),
    KALSHIFLOW_USE_YES_PRICE: String(exchange.useYesPrice),
    KALSHIFLOW_PING_SILENCE_MS: String(exchange.pingSilenceMs),
    KALSHIFLOW_MESSAGE_AGE_MAX_MS: String(exchange.messageAgeMsMax),
    KALSHIFLOW_AUDIT_MINUTES: String(exchange.auditMs / 60_000),
    KALSHIFLOW_PROFILE: config.profile ?? '',
    KALSHIFLOW_DATA: config.dataFolder,
    KALSHIFLOW_COMMIT_INTERVAL_MS: String(journal.commitIntervalMs),
    KALSHIFLOW_BUFFER_MB: String(journal.bufferBytes / 1024 ** 2),
    KALSHIFLOW_DISK_RESERVE_MB: String(journal.reserveBytes / 1024 ** 2),
    KALSHIFLOW_SEGMENT_MB: String(journal.segmentBytes / 1024 ** 2),
    KALSHIFLOW_SEGMENT_MINUTES: String(journal.segmentMs / 60_000),
    KALSHIFLOW_SEAL: String(journal.seal),
    KALSHIFLOW_CHECKPOINT_DELTAS: String(journal.checkpointDeltas),
    KALSHIFLOW_CHECKPOINT_MINUTES: String(journal.checkpointMs / 60_000),
    KALSHIFLOW_ARCHIVE_TO: config.archive.to ?? '',
    KALSHIFLOW_ARCHIVE_ENDPOINT: config.archive.endpoint ?? '',
    KALSHIFLOW_KEEP_DAYS: String(config.archive.keepDays ?? ''),
    DATABASE_URL: store.databaseUrl === undefined ? '' : maskDatabaseUrl(store.databaseUrl.reveal()),
    RL_ORDERBOOK_BATCH_SIZE: String(store.batchRows),
    RL_ORDERBOOK_FLUSH_INTERVAL: String(store.flushIntervalMs / 1000),
    RL_ORDERBOOK_SAMPLE_RATE: String(store.sampleRate),
    RL_ORDERBOOK_MAX_QUEUE_SIZE: String(store.queueRowsMax),
    PORT: String(config.api.port),
    KALSHIFLOW_HOST: config.api.host,
    KALSHIFLOW_READ_TOKEN: config.api.readToken === undefined ? '' : MASK,
    KALSHIFLOW_ADMIN_TOKEN: config.api.adminToken === undefined ? '' : MASK,
    KALSHIFLOW_CORS_ORIGINS: config.api.corsOrigins.join(','),
    KALSHIFLOW_ALERT_WEBHOOK_URL: masked(alert.webhook?.url),
    KALSHIFLOW_ALERT_WEBHOOK_SECRET: masked(alert.webhook?.secret),
    KALSHIFLOW_ALERT_SLACK_URL: masked(alert.slackUrl),
    KALSHIFLOW_ALERT_SMTP_URL: masked(alert.mail?.url),
    KALSHIFLOW_ALERT_MAIL_FROM: alert.mail?.from ?? '',
    KALSHIFLOW_ALERT_MAIL_TO: alert.mail?.to.join(',') ?? '',
    KALSHIFLOW_ALERT_RULES: alert.rules,
    KALSHIFLOW_ALERT_REPEAT_HOURS: String(alert.repeatMs / 3_600_000),
    KALSHIFLOW_DEADMAN_URL: masked(alert.deadManUrl),
    KALSHIFLOW_DEADMAN_SECONDS: String(alert.deadManMs / 1000),
    KALSHIFLOW_REPORT_AT: alert.reportAt === undefined ? '' : tellTimeOfDay(alert.reportAt),
    RL_LOG_LEVEL: config.log.level,
    LOG_FORMAT: config.log.format,
  }
}
