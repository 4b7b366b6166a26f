/**
 * Every setting, in one place: its name, kind, default, and what happens if you change it.
 *
 * The names of the original stay where they mean something; new ones begin with `KALSHIFLOW_`. What holds between two
 * settings stands in config-rules.ts. `npm run config:example` writes `.env.example` from here.
 */
import { z } from 'zod'
import {
  address,
  alertRules,
  archiveTarget,
  databaseUrl,
  endpoint,
  keyId,
  listenHost,
  mailAddress,
  mailAddresses,
  oneOf,
  optional,
  origins,
  path,
  profileName,
  seconds,
  secretAddress,
  secretText,
  setting,
  tickers,
  timeOfDay,
  token,
  wholeNumber,
  yesOrNo,
} from './config-fields.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

export const Settings = z.object({
  KALSHI_API_KEY_ID: optional(keyId, {
    about:
      'Id of your Kalshi API key; needed with its private key for kalshi.com and kalshi.co. A key with only the scope `read` is the right one for a recorder.',
    example: '00000000-0000-0000-0000-000000000000',
  }),
  KALSHI_PRIVATE_KEY_PATH: optional(path, {
    about: 'PEM file of the private key, RSA or Ed25519; keep it at mode 0600. Read once at start.',
    example: '~/.kalshi/key.pem',
  }),
  KALSHI_PRIVATE_KEY_CONTENT: optional(secretText, {
    about:
      'The private key itself, where a file cannot be had; line ends may be written as \\n. Give this or the path, not both.',
    secret: true,
  }),
  KALSHIFLOW_STRICT_KEY: setting(yesOrNo, {
    about:
      'Whether to refuse a key of which the exchange does not say that it can only read. Without it such a key is told of in the log.',
    fallback: 'false',
  }),
  KALSHI_WS_URL: setting(address(['ws:', 'wss:'], 'wss://external-api-ws.kalshi.com/trade-api/ws/v2'), {
    about:
      'The exchange to record. The host decides the environment: *.kalshi.com is prod, *.kalshi.co demo, anything else sim; data of two environments never mix.',
    fallback: 'wss://external-api-ws.kalshi.com/trade-api/ws/v2',
  }),
  KALSHI_API_URL: optional(address(['http:', 'https:'], 'https://external-api.kalshi.com/trade-api/v2'), {
    about:
      'REST of the same exchange. Set it only for an exchange whose REST stands at another host or port than its WebSocket.',
    derived: 'follows KALSHI_WS_URL',
  }),

  RL_MARKET_TICKERS: optional(tickers, {
    about:
      'Markets to record, with commas between them. Without any, the open markets with the most volume are taken, up to 100.',
    example: 'KXBTC15M-26NOV221200-00,KXFED-27APR-T4.25',
  }),
  RL_MARKET_TICKER: optional(tickers, {
    about: 'One market to record, as the original named it. Not used when RL_MARKET_TICKERS is set.',
  }),
  KALSHIFLOW_MARKETS_PER_CONNECTION: setting(wholeNumber(1, 100_000), {
    about: 'Markets on one WebSocket. Fewer spread a lost connection over fewer books and cost more connections.',
    fallback: '5000',
  }),
  KALSHIFLOW_CONNECTIONS_MAX: setting(wholeNumber(1, 200), {
    about: 'WebSockets at most. With the setting above it bounds how many markets can be recorded.',
    fallback: '4',
  }),
  KALSHIFLOW_USE_YES_PRICE: setting(yesOrNo, {
    about:
      'What we ask of Kalshi for the NO side: true for YES prices, which will be their default. Either way the books are the same; only the raw frames differ.',
    fallback: 'true',
  }),
  KALSHIFLOW_PING_SILENCE_MS: setting(wholeNumber(100, 600_000), {
    about:
      'Silence of pings after which a connection counts as lost. Kalshi pings every 10 s; less finds a dead line sooner and takes a slow one for dead.',
    fallback: '25000',
  }),
  KALSHIFLOW_MESSAGE_AGE_MAX_MS: setting(wholeNumber(0, 3_600_000), {
    about:
      'How much older than at best the messages of a connection may grow, for half a minute, before it is replaced by a new one; 0 never replaces one.',
    fallback: '5000',
  }),

  KALSHIFLOW_AUDIT_MINUTES: setting(wholeNumber(0, 60), {
    about:
      'Time within which each recorded market’s book is compared with a fresh snapshot of the exchange, a few at a time. 0 compares none: a book that went wrong unseen then stays wrong.',
    fallback: '60',
  }),

  KALSHIFLOW_PROFILE: optional(profileName, {
    about:
      'Name of a set of settings, as --profile gives it: they are read from .env.<profile> instead of .env, data goes to ./data/<profile>, and rows in a DATABASE_URL to the schema kalshiflow_<profile>. Set in a file it names folder and schema alone.',
    example: 'demo',
  }),
  KALSHIFLOW_DATA: optional(path, {
    about:
      'Folder of the journal and everything kept beside it. Changing it starts an empty journal; the old one stays where it is.',
    derived: './data/<environment>, or ./data/<profile>',
  }),
  KALSHIFLOW_COMMIT_INTERVAL_MS: setting(wholeNumber(1, 1000), {
    about:
      'Longest that a frame waits before it is written and synced to disk. More means fewer syncs, and more to lose with the power.',
    fallback: '5',
  }),
  KALSHIFLOW_BUFFER_MB: setting(wholeNumber(40, 4096), {
    about:
      'Memory for frames that the disk has not taken yet. When it is full the socket is paused, then closed and the hole written down. At least 40: the largest record is 32.',
    fallback: '64',
  }),
  KALSHIFLOW_DISK_RESERVE_MB: setting(wholeNumber(0, 1_048_576), {
    about:
      'Kept free on the disk of the data folder, for the end of the run and for the database: with less than that free nothing more is recorded until half as much again is free. At most a twentieth of the disk.',
    fallback: '256',
  }),
  KALSHIFLOW_SEGMENT_MB: setting(wholeNumber(1, 4096), {
    about:
      'Size at which a journal file is closed and the next begun. Smaller ones are sealed sooner and compress a little worse.',
    fallback: '256',
  }),
  KALSHIFLOW_SEGMENT_MINUTES: setting(wholeNumber(1, 1440), {
    about: 'Age at which a journal file is closed, full or not.',
    fallback: '60',
  }),
  KALSHIFLOW_SEAL: setting(yesOrNo, {
    about:
      'Whether closed journal files are compressed and given a checksum. Without it they stay as they are, many times larger.',
    fallback: 'true',
  }),
  KALSHIFLOW_CHECKPOINT_DELTAS: setting(wholeNumber(1, 1_000_000), {
    about:
      'Changes of a market after which its whole book is written. Fewer make a past book quicker to read and the journal larger.',
    fallback: '5000',
  }),
  KALSHIFLOW_CHECKPOINT_MINUTES: setting(wholeNumber(1, 1440), {
    about: 'Time after which a changed book is written whole, however few its changes.',
    fallback: '60',
  }),
  KALSHIFLOW_ARCHIVE_TO: optional(archiveTarget, {
    about:
      'Where closed journal files are copied to, each proved there: a folder on another disk, which must be there, or s3://bucket/prefix with credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    example: '/mnt/archive/kalshiflow',
  }),
  KALSHIFLOW_ARCHIVE_ENDPOINT: optional(endpoint, {
    about: 'Address of the S3-compatible store, where it is not Amazon’s.',
    example: 'https://s3.example.com',
  }),
  KALSHIFLOW_KEEP_DAYS: optional(wholeNumber(1, 36_500), {
    about:
      'Days after which journal files that are proved to be in the archive, and stored in the database, are removed here. Without it nothing is ever removed.',
    example: '30',
  }),

  DATABASE_URL: optional(databaseUrl, {
    about: 'PostgreSQL 15 or newer for the tables. Without it the embedded server is used.',
    example: 'postgresql://kalshiflow:password@127.0.0.1:5432/kalshiflow',
    secret: true,
  }),
  RL_ORDERBOOK_BATCH_SIZE: setting(wholeNumber(1, 10_000), {
    about: 'Rows that start a write to the database. More is faster and holds rows longer.',
    fallback: '100',
  }),
  RL_ORDERBOOK_FLUSH_INTERVAL: setting(seconds(10, 3_600_000), {
    about: 'Seconds that a row waits at most for its batch to fill.',
    fallback: '1.0',
  }),
  RL_ORDERBOOK_SAMPLE_RATE: setting(wholeNumber(1, 100_000), {
    about:
      'Above 1, up to that many changes of one level become one row with their exact sum. The journal keeps every one of them.',
    fallback: '1',
  }),
  RL_ORDERBOOK_MAX_QUEUE_SIZE: setting(wholeNumber(100, 10_000_000), {
    about:
      'Rows that the database writer holds in memory. A full queue makes it read the journal later; nothing is dropped.',
    fallback: '10000',
  }),

  PORT: setting(wholeNumber(0, 65_535), {
    about: 'Port of /rl/health, /rl/metrics and the API; 0 takes a free one.',
    fallback: '8001',
  }),
  KALSHIFLOW_HOST: setting(listenHost, {
    about:
      'Where the port is listened on. Anything but this machine itself (127.0.0.1, ::1, localhost) needs KALSHIFLOW_READ_TOKEN, and is not encrypted by us.',
    fallback: '127.0.0.1',
  }),
  KALSHIFLOW_READ_TOKEN: optional(token, {
    about: 'What clients must show to read: `Authorization: Bearer …`. Without it everybody on this machine may read.',
    secret: true,
  }),
  KALSHIFLOW_ADMIN_TOKEN: optional(token, {
    about:
      'What clients must show for /rl/admin, and with which they may read too. Without it /rl/admin is refused to everybody.',
    secret: true,
  }),
  KALSHIFLOW_CORS_ORIGINS: optional(origins, {
    about: 'Web pages of other origins that may read the API in a browser. Without any, none may.',
    example: 'http://localhost:5173',
  }),

  KALSHIFLOW_ALERT_WEBHOOK_URL: optional(secretAddress(['https:', 'http:'], 'https://example.org/hook'), {
    about: 'Alarms are posted there as JSON, in the shape of docs/alerts.md. Without any target nobody is told.',
    secret: true,
  }),
  KALSHIFLOW_ALERT_WEBHOOK_SECRET: optional(token, {
    about: 'Signs what is posted to the webhook, so that its receiver can tell who sent it.',
    secret: true,
  }),
  KALSHIFLOW_ALERT_SLACK_URL: optional(
    secretAddress(['https:', 'http:'], 'https://hooks.slack.com/services/T000/B000/XXXX'),
    {
      about:
        'Alarms are posted there as Slack takes them; Mattermost and Discord (with /slack at the end) take the same.',
      secret: true,
    },
  ),
  KALSHIFLOW_ALERT_SMTP_URL: optional(
    secretAddress(['smtp:', 'smtps:'], 'smtps://user:password@mail.example.org:465'),
    {
      about:
        'Alarms are mailed through this server. A password is shown only over TLS; special characters of it are percent-encoded (@ as %40).',
      example: 'smtps://user:password@mail.example.org:465',
      secret: true,
    },
  ),
  KALSHIFLOW_ALERT_MAIL_FROM: optional(mailAddress, {
    about: 'Sender of the mails; the server must allow it.',
    example: 'kalshiflow@example.org',
  }),
  KALSHIFLOW_ALERT_MAIL_TO: optional(mailAddresses, {
    about: 'Who gets the mails, with commas between them.',
    example: 'on-call@example.org',
  }),
  KALSHIFLOW_ALERT_RULES: optional(alertRules, {
    about:
      'What is to be other than usual of the alarms: hold and clear times, limits, off. `kalshiflow alert list` shows them all.',
    example: 'books_in_doubt.hold=5m,message_age.limit=3s,store_behind=off',
  }),
  KALSHIFLOW_ALERT_REPEAT_HOURS: setting(wholeNumber(1, 168), {
    about: 'Hours after which an alarm that goes on is told again.',
    fallback: '4',
  }),
  KALSHIFLOW_DEADMAN_URL: optional(secretAddress(['https:', 'http:'], 'https://hc-ping.com/your-uuid'), {
    about:
      'Asked again and again, but only while frames are durable and books proven; a service there tells you when it hears nothing.',
    secret: true,
  }),
  KALSHIFLOW_DEADMAN_SECONDS: setting(wholeNumber(10, 3600), {
    about: 'Seconds between two of these pings.',
    fallback: '60',
  }),
  KALSHIFLOW_REPORT_AT: optional(timeOfDay, {
    about:
      'When `kalshiflow report` of the last day is sent to the targets of the alarms, every day. Without it, never.',
    example: '07:00 America/New_York',
  }),

  RL_LOG_LEVEL: setting(oneOf(LOG_LEVELS, { warning: 'warn', critical: 'fatal' }), {
    about: 'The least important line that is logged.',
    fallback: 'info',
  }),
  LOG_FORMAT: optional(oneOf(['pretty', 'json']), {
    about: 'Log lines for people or for machines, on standard error.',
    derived: 'pretty on a terminal, json elsewhere',
  }),
})

export type Settings = z.output<typeof Settings>
export type SettingName = keyof Settings

export const SETTING_NAMES = Object.keys(Settings.shape) as readonly SettingName[]

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(Settings.shape, name)
