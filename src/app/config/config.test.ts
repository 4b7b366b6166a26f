import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type ConfigSources, readConfig } from './config.ts'
import { describeConfig } from './config-describe.ts'
import { parseDotenv } from './config-dotenv.ts'
import { ConfigError } from './config-error.ts'
import { exampleText } from './config-example.ts'
import { loadConfig } from './config-load.ts'
import { SETTING_NAMES } from './config-settings.ts'

const KEY = { KALSHI_API_KEY_ID: 'a1b2c3d4-0000-4000-8000-000000000000', KALSHI_PRIVATE_KEY_PATH: '/keys/kalshi.pem' }
const SIM = { KALSHI_WS_URL: 'ws://127.0.0.1:7070/trade-api/ws/v2' }

const read = (environment: Record<string, string>, more: Partial<ConfigSources> = {}) =>
  readConfig({ environment, ...more })

function errorOf(action: () => unknown): ConfigError {
  try {
    action()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const faultsOf = (environment: Record<string, string>, more: Partial<ConfigSources> = {}): string[] =>
  errorOf(() => read(environment, more)).faults.map(({ name }) => name)

describe('the configuration', () => {
  it('of an empty environment has the documented defaults and needs no key', () => {
    const { config, notices } = read({})
    expect(notices).toEqual([])
    expect(config).toMatchObject({
      environment: 'prod',
      exchangeChosen: false,
      exchange: {
        wsUrl: 'wss://external-api-ws.kalshi.com/trade-api/ws/v2',
        apiUrl: 'https://external-api.kalshi.com/trade-api/v2',
        key: undefined,
        useYesPrice: true,
        pingSilenceMs: 25_000,
        auditMs: 3_600_000,
        marketsPerConnection: 5_000,
        connectionsMax: 4,
      },
      markets: [],
      dataFolder: './data/prod',
      journal: {
        commitIntervalMs: 5,
        bufferBytes: 67_108_864,
        reserveBytes: 268_435_456,
        segmentBytes: 268_435_456,
        segmentMs: 3_600_000,
        seal: true,
        checkpointDeltas: 5_000,
        checkpointMs: 3_600_000,
      },
      archive: { to: undefined, endpoint: undefined, keepDays: undefined },
      store: { databaseUrl: undefined, batchRows: 100, flushIntervalMs: 1_000, sampleRate: 1, queueRowsMax: 10_000 },
      api: { host: '127.0.0.1', port: 8001, readToken: undefined, adminToken: undefined, corsOrigins: [] },
      log: { level: 'info', format: 'json' },
    })
  })

  it.each([
    ['wss://external-api-ws.kalshi.com/trade-api/ws/v2', 'prod', 'https://external-api.kalshi.com/trade-api/v2'],
    ['wss://api.elections.kalshi.com/trade-api/ws/v2', 'prod', 'https://api.elections.kalshi.com/trade-api/v2'],
    ['wss://some-new.kalshi.com/trade-api/ws/v2', 'prod', 'https://external-api.kalshi.com/trade-api/v2'],
    [
      'wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2',
      'demo',
      'https://external-api.demo.kalshi.co/trade-api/v2',
    ],
    ['wss://demo-api.kalshi.co/trade-api/ws/v2', 'demo', 'https://demo-api.kalshi.co/trade-api/v2'],
    ['ws://127.0.0.1:7070/trade-api/ws/v2', 'sim', 'http://127.0.0.1:7070/trade-api/v2'],
    ['ws://[::1]:7070/trade-api/ws/v2', 'sim', 'http://[::1]:7070/trade-api/v2'],
    ['wss://exchange.example.org/trade-api/ws/v2', 'sim', 'https://exchange.example.org/trade-api/v2'],
  ])('takes environment, REST address and data folder from %s', (url, environment, apiUrl) => {
    const { config } = read({ ...KEY, KALSHI_WS_URL: url })
    expect([config.environment, config.exchange.apiUrl, config.dataFolder]).toEqual([
      environment,
      apiUrl,
      `./data/${environment}`,
    ])
  })

  it('takes the command line before the environment, that before .env, and an empty text as unset', () => {
    const port = (sources: Partial<ConfigSources>) => readConfig({ environment: {}, ...sources }).config
    const dotenv = { PORT: '1' }
    expect(port({ dotenv }).api.port).toBe(1)
    expect(port({ dotenv, environment: { PORT: '2' } }).api.port).toBe(2)
    expect(port({ dotenv, environment: { PORT: '2' }, overrides: { PORT: '3' } }).api.port).toBe(3)
    const hidden = port({ dotenv, environment: { PORT: ' ' } })
    expect([hidden.api.port, hidden.origins.PORT]).toEqual([8001, 'default'])
  })

  it('keeps tickers once each and in order, from the list before the single one', () => {
    expect(read({ RL_MARKET_TICKERS: ' KXB-1, KXA-2.5,,KXB-1' }).config.markets).toEqual(['KXB-1', 'KXA-2.5'])
    expect(read({ RL_MARKET_TICKER: 'KXB-1' }).config.markets).toEqual(['KXB-1'])
    const both = read({ RL_MARKET_TICKERS: 'KXA', RL_MARKET_TICKER: 'KXB' })
    expect(both.config.markets).toEqual(['KXA'])
    expect(both.notices.map(({ name }) => name)).toEqual(['RL_MARKET_TICKER'])
  })

  it('reads each kind of value as people write it', () => {
    const { config } = read(
      {
        RL_ORDERBOOK_FLUSH_INTERVAL: '0.25',
        RL_LOG_LEVEL: 'WARNING',
        KALSHIFLOW_SEAL: 'No',
        KALSHI_PRIVATE_KEY_PATH: '~/k.pem',
        KALSHI_API_KEY_ID: 'x',
        LOG_FORMAT: 'Pretty',
      },
      { home: '/home/me' },
    )
    expect([
      config.store.flushIntervalMs,
      config.log.level,
      config.journal.seal,
      config.exchange.key,
      config.log.format,
    ]).toEqual([250, 'warn', false, { path: '/home/me/k.pem' }, 'pretty'])
  })

  it('is pretty on a terminal and cannot be changed afterwards', () => {
    const { config } = read({}, { terminal: true })
    expect(config.log.format).toBe('pretty')
    expect(() => Object.assign(config.journal, { seal: false })).toThrow(TypeError)
  })

  it('never takes a name from the prototype of what it is handed', () => {
    expect(readConfig({ environment: Object.create({ PORT: '9' }) }).config.api.port).toBe(8001)
  })
})

describe('a faulty configuration', () => {
  it('is told with all its faults at once: name, found, needed and what to do', () => {
    const error = errorOf(() =>
      read({ PORT: 'abc', KALSHIFLOW_SEGMENT_MB: '0', RL_MARKET_TICKERS: 'two words', KALSHI_API_KEY_ID: 'x' }),
    )
    expect(error.code).toBe('FLOW_CONFIG')
    expect(error.faults.map(({ name }) => name).sort()).toEqual([
      'KALSHIFLOW_SEGMENT_MB',
      'KALSHI_PRIVATE_KEY_PATH',
      'PORT',
      'RL_MARKET_TICKERS',
    ])
    expect(error.message).toContain(
      '  PORT: found "abc", needed a whole number from 0 to 65535. Correct it in the environment, or remove it to take 8001.',
    )
  })

  it.each([
    ['PORT', ['-1', '65536', '0x10', '1e3', '8001.0', '٣']],
    ['KALSHIFLOW_MARKETS_PER_CONNECTION', ['0', '100001']],
    ['RL_ORDERBOOK_FLUSH_INTERVAL', ['0', '-1', '1s', '1e3', '1.0005', '.5', 'Infinity']],
    ['KALSHIFLOW_SEAL', ['maybe', '2', 'constructor']],
    ['RL_LOG_LEVEL', ['loud', 'constructor', '__proto__']],
    ['LOG_FORMAT', ['xml']],
    ['KALSHIFLOW_HOST', ['no host', '1.2.3.4:80', 'http://a', '[::1]', '-a', 'a/b']],
    ['KALSHIFLOW_CORS_ORIGINS', ['*', 'example.org', 'https://example.org/', 'https://a.org/x', 'ftp://a.org', 'null']],
    ['RL_MARKET_TICKERS', [',', 'KX A', 'KX"A', 'x'.repeat(129)]],
    ['DATABASE_URL', ['mysql://h/d', 'postgresql+asyncpg://u@h/d', 'postgresql://u:p#1@h:x/d', 'host=h']],
    [
      'KALSHI_WS_URL',
      [
        'kalshi.com',
        'https://a.kalshi.com/x',
        'wss://a.kalshi.com',
        'wss://u:p@a.kalshi.com/x',
        'wss://a.kalshi.com/x?y=1',
        'wss:///x',
      ],
    ],
    ['KALSHI_API_URL', ['wss://a.kalshi.com/x', 'https://a.kalshi.com/']],
  ])('is refused for %s: %j', (name, values) => {
    for (const value of values) expect([value, faultsOf({ ...KEY, [name]: value })]).toEqual([value, [name]])
  })

  it('wants a key for prod and demo, and none for a simulation or for work on what is stored', () => {
    const both = ['KALSHI_PRIVATE_KEY_PATH', 'KALSHI_API_KEY_ID']
    expect(faultsOf({ KALSHI_WS_URL: 'wss://demo-api.kalshi.co/trade-api/ws/v2' })).toEqual(both)
    expect(faultsOf({}, { needsKey: 'always' })).toEqual(both)
    expect(read(SIM, { needsKey: 'always' }).config.environment).toBe('sim')
    expect(read({ KALSHI_WS_URL: 'wss://demo-api.kalshi.co/x' }, { needsKey: 'never' }).config.environment).toBe('demo')
  })

  it('does not fall back to the built-in exchange when a KALSHI_ name was mistyped, and says what was meant', () => {
    const error = errorOf(() => read({ KALSHI_API_KEYID: 'x' }))
    expect(error.message).toContain('did you mean KALSHI_API_KEY_ID?')
  })

  it('is refused when settings do not go together', () => {
    const content = { KALSHI_PRIVATE_KEY_CONTENT: 'x' }
    expect(faultsOf({ ...KEY, ...content })).toEqual(['KALSHI_PRIVATE_KEY_CONTENT'])
    expect(faultsOf({ ...SIM, ...content })).toEqual(['KALSHI_API_KEY_ID'])
    expect(faultsOf({ ...SIM, KALSHI_API_KEY_ID: 'x' })).toEqual(['KALSHI_PRIVATE_KEY_PATH'])
    expect(faultsOf({ ...KEY, KALSHI_API_URL: 'https://demo-api.kalshi.co/trade-api/v2' })).toEqual(['KALSHI_API_URL'])
    expect(faultsOf({ ...KEY, KALSHI_WS_URL: 'wss://trading-api.kalshi.com/trade-api/ws/v2' })).toEqual([
      'KALSHI_WS_URL',
    ])
    expect(faultsOf({ RL_ORDERBOOK_BATCH_SIZE: '200', RL_ORDERBOOK_MAX_QUEUE_SIZE: '100' })).toEqual([
      'RL_ORDERBOOK_BATCH_SIZE',
    ])
    expect(
      faultsOf({ RL_MARKET_TICKERS: 'A,B,C', KALSHIFLOW_MARKETS_PER_CONNECTION: '1', KALSHIFLOW_CONNECTIONS_MAX: '2' }),
    ).toEqual(['RL_MARKET_TICKERS'])
    expect(faultsOf({ ...KEY, KALSHIFLOW_PING_SILENCE_MS: '9000' })).toEqual(['KALSHIFLOW_PING_SILENCE_MS'])
    expect(read({ ...SIM, KALSHIFLOW_PING_SILENCE_MS: '200' }).config.exchange.pingSilenceMs).toBe(200)
  })

  it('speaks without encryption only inside this machine and its private network', () => {
    const refused = [
      'ws://api.elections.kalshi.com/x',
      'ws://exchange.example.org/x',
      'ws://8.8.8.8/x',
      'ws://[2001:db8::1]/x',
      'ws://127.0.0.1.evil.org/x',
    ]
    for (const url of refused) expect([url, faultsOf({ ...KEY, KALSHI_WS_URL: url })]).toEqual([url, ['KALSHI_WS_URL']])
    const taken = [
      'ws://localhost:1/x',
      'ws://127.0.0.1/x',
      'ws://[::1]/x',
      'ws://exchange:7070/x',
      'ws://10.0.0.7/x',
      'ws://[fd00::1]/x',
      'ws://box.local/x',
    ]
    for (const url of taken) expect(read({ KALSHI_WS_URL: url }).config.exchange.wsUrl).toBe(url)
  })

  it('lets the command line replace a key of the environment by hiding it', () => {
    const overrides = { KALSHI_PRIVATE_KEY_PATH: '', KALSHI_PRIVATE_KEY_CONTENT: 'secret words', ...SIM }
    const { config } = read(KEY, { overrides })
    expect(config.exchange.key).toHaveProperty('content')
  })
})

describe('the tokens of the service', () => {
  const READ = 'read-read-read-read'
  const ADMIN = 'admin-admin-admin'

  it('are needed beyond this machine, and only there', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'recorder.example.org', '127.example.org']) {
      const { faults } = errorOf(() => read({ KALSHIFLOW_HOST: host, KALSHIFLOW_ADMIN_TOKEN: ADMIN }))
      expect(
        faults.map(({ name }) => name),
        host,
      ).toEqual(['KALSHIFLOW_READ_TOKEN'])
      expect(read({ KALSHIFLOW_HOST: host, KALSHIFLOW_READ_TOKEN: READ }).config.api.host).toBe(host)
    }
    for (const host of ['127.0.0.1', '127.0.0.9', '::1', 'localhost', 'LOCALHOST']) {
      expect(read({ KALSHIFLOW_HOST: host }).config.api.readToken).toBeUndefined()
    }
  })

  it('are long, differ, and are never shown', () => {
    const { faults } = errorOf(() =>
      read({ KALSHIFLOW_READ_TOKEN: 'short-token', KALSHIFLOW_ADMIN_TOKEN: 'two words of text' }),
    )
    expect(faults.map(({ name, found }) => [name, found])).toEqual([
      ['KALSHIFLOW_READ_TOKEN', '‹secret›'],
      ['KALSHIFLOW_ADMIN_TOKEN', '‹secret›'],
    ])
    const same = errorOf(() => read({ KALSHIFLOW_READ_TOKEN: READ, KALSHIFLOW_ADMIN_TOKEN: READ }))
    expect(same.message).toContain('KALSHIFLOW_ADMIN_TOKEN')
    expect(same.message).not.toContain(READ)
    const { config } = read({ KALSHIFLOW_READ_TOKEN: READ, KALSHIFLOW_ADMIN_TOKEN: ADMIN })
    const shown = [inspect(config, { depth: 9 }), JSON.stringify(config), JSON.stringify(describeConfig(config))].join()
    expect(shown).not.toContain(READ)
    expect(shown).not.toContain(ADMIN)
    expect(config.api.adminToken?.reveal()).toBe(ADMIN)
  })
})

describe('the settings of alarms', () => {
  const mail = {
    KALSHIFLOW_ALERT_SMTP_URL: 'smtps://user:geheim@mail.example.org',
    KALSHIFLOW_ALERT_MAIL_FROM: 'flow@example.org',
    KALSHIFLOW_ALERT_MAIL_TO: 'a@example.org, b@example.org',
  }

  it('name targets, a dead-man and a time of the day', () => {
    const { alert } = read({
      ...mail,
      KALSHIFLOW_ALERT_SLACK_URL: 'https://hooks.slack.com/services/T/B/X',
      KALSHIFLOW_DEADMAN_URL: 'https://hc-ping.com/uuid',
      KALSHIFLOW_REPORT_AT: '07:30 America/New_York',
      KALSHIFLOW_ALERT_RULES: 'message_age.limit=3s',
    }).config
    expect(alert.mail).toMatchObject({ from: 'flow@example.org', to: ['a@example.org', 'b@example.org'] })
    expect(alert.reportAt).toEqual({ minutes: 450, zone: 'America/New_York' })
    expect(alert).toMatchObject({ webhook: undefined, repeatMs: 14_400_000, deadManMs: 60_000 })
  })

  it.each([
    [{ KALSHIFLOW_ALERT_RULES: 'mesage_age.limit=3s' }, 'KALSHIFLOW_ALERT_RULES'],
    [{ KALSHIFLOW_ALERT_WEBHOOK_URL: 'http://example.org/geheim' }, 'KALSHIFLOW_ALERT_WEBHOOK_URL'],
    [{ KALSHIFLOW_ALERT_WEBHOOK_URL: 'example.org/geheim' }, 'KALSHIFLOW_ALERT_WEBHOOK_URL'],
    [{ KALSHIFLOW_ALERT_SMTP_URL: mail.KALSHIFLOW_ALERT_SMTP_URL }, 'KALSHIFLOW_ALERT_MAIL_FROM'],
    [{ ...mail, KALSHIFLOW_ALERT_MAIL_TO: 'nobody' }, 'KALSHIFLOW_ALERT_MAIL_TO'],
    [{ KALSHIFLOW_ALERT_WEBHOOK_SECRET: 'geheimgeheimgeheim' }, 'KALSHIFLOW_ALERT_WEBHOOK_URL'],
    [{ KALSHIFLOW_REPORT_AT: '7:30' }, 'KALSHIFLOW_REPORT_AT'],
    [{ KALSHIFLOW_REPORT_AT: '07:30 Atlantis/Center' }, 'KALSHIFLOW_REPORT_AT'],
  ])('%o is refused by name, and no address is told', (environment, name) => {
    expect(faultsOf(environment)).toContain(name)
    expect(errorOf(() => read(environment)).message).not.toMatch(/geheim/)
  })

  it('are masked where they are shown', () => {
    const rows = describeConfig(read({ ...mail, KALSHIFLOW_DEADMAN_URL: 'https://hc-ping.com/geheim' }).config)
    expect(JSON.stringify(rows)).not.toMatch(/geheim/)
  })
})

describe('a secret of the configuration', () => {
  const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQ7x'.repeat(20)}\n-----END PRIVATE KEY-----`
  const PASSWORD = 'hunter2hunter2'

  it('is never in an error, whichever setting it was put into', () => {
    for (const name of SETTING_NAMES) {
      for (const text of [PEM, PEM.replaceAll('\n', '\\n'), 'MIIEvQ7x'.repeat(20)]) {
        let shown = ''
        try {
          read({ [name]: text, PORT: 'x' })
        } catch (error) {
          shown = inspect(error, { depth: 9 }) + JSON.stringify(error)
        }
        expect([name, shown.includes('MIIEvQ7x')]).toEqual([name, false])
      }
      const url = inspect(
        errorOf(() =>
          read({
            [name]: `wss://user:${PASSWORD}@host/x?token=${PASSWORD}`,
            ...(name === 'PORT' ? {} : { PORT: 'x' }),
          }),
        ),
        { depth: 9 },
      )
      expect([name, url.includes(PASSWORD)]).toEqual([name, false])
    }
  })

  it('is masked in the rows for display, and enough of the rest is there', () => {
    const { config } = read({
      KALSHI_API_KEY_ID: KEY.KALSHI_API_KEY_ID,
      KALSHI_PRIVATE_KEY_CONTENT: PEM,
      DATABASE_URL: `postgresql://me:${PASSWORD}@db:5432/flow?sslpassword=${PASSWORD}`,
    })
    const rows = Object.fromEntries(describeConfig(config).map(({ name, value }) => [name, value]))
    expect(rows['DATABASE_URL']).toBe('postgresql://me:‹secret›@db:5432/flow?‹secret›')
    expect(rows['KALSHI_API_KEY_ID']).toBe('a1b2c3d4…')
    const shown =
      JSON.stringify(rows) +
      inspect(config, { depth: 9 }) +
      JSON.stringify({ ...config, exchange: { key: config.exchange.key } })
    expect(shown).not.toMatch(new RegExp(`${PASSWORD}|MIIEvQ7x`))
  })

  it('takes a database at a socket, whose URL has no host', () => {
    const { config } = read({ DATABASE_URL: `postgresql://me:${PASSWORD}@/flow?host=%2Frun%2Fpostgresql` })
    const row = describeConfig(config).find(({ name }) => name === 'DATABASE_URL')
    expect(row?.value).toBe('postgresql://me:‹secret›@/flow?‹secret›')
  })
})

describe('the rows for display', () => {
  it('are one for each setting, and say where its value came from', () => {
    const { config } = read(
      { PORT: '9000' },
      { dotenv: { KALSHIFLOW_SEAL: 'false' }, overrides: { RL_LOG_LEVEL: 'debug' } },
    )
    const rows = describeConfig(config)
    expect(rows.map(({ name }) => name)).toEqual([...SETTING_NAMES])
    const origin = Object.fromEntries(rows.map((row) => [row.name, `${row.value} (${row.origin})`]))
    expect(origin).toMatchObject({
      PORT: '9000 (environment)',
      KALSHIFLOW_SEAL: 'false (.env)',
      RL_LOG_LEVEL: 'debug (command line)',
      KALSHIFLOW_BUFFER_MB: '64 (default)',
      KALSHIFLOW_DISK_RESERVE_MB: '256 (default)',
      KALSHIFLOW_DATA: './data/prod (derived)',
      DATABASE_URL: ' (unset)',
    })
  })
})

describe('names that are no settings', () => {
  const told = (environment: Record<string, string>, dotenv: Record<string, string> = {}) =>
    readConfig({ environment, dotenv, needsKey: 'never' }).notices.map(({ text }) => text)

  it('are told of with what was meant, without their value', () => {
    const [text] = told({ KALSHIFLOW_SEGMENT_MBS: 'value' })
    expect(text).toBe(
      'KALSHIFLOW_SEGMENT_MBS is no setting of ours and is passed over; did you mean KALSHIFLOW_SEGMENT_MB?',
    )
    expect(told({ RL_ZEBRA: 'value' })).toEqual(['RL_ZEBRA is no setting of ours and is passed over.'])
    expect(told({ kalshi_ws_url: 'x' })[0]).toContain('did you mean KALSHI_WS_URL?')
  })

  it('of the original without a meaning here are told of with the reason', () => {
    expect(told({ RL_WEBSOCKET_RECONNECT_DELAY: '5' })[0]).toMatch(/no meaning here: the wait before a new connection/)
    expect(told({ DATABASE_URL_POOLED: 'x' })).toHaveLength(1)
  })

  it('of other programs are left alone in the environment; in .env a near miss is told of', () => {
    expect(told({ DEBUG: '1', ENVIRONMENT: 'x', DATABSE_URL: 'x', PATH: 'x', constructor: 'x' })).toEqual([])
    expect(told({}, { DEBUG: '1', DATABSE_URL: 'x', AWS_REGION: 'x' })).toEqual([
      'DATABSE_URL is no setting of ours and is passed over; did you mean DATABASE_URL?',
      'DEBUG has no meaning here: RL_LOG_LEVEL=debug shows more.',
    ])
  })
})

describe('a .env file', () => {
  const lines = (text: string) => parseDotenv(text, '.env').faults.map(({ name }) => name)

  it('is read with comments, quotes, exports, Windows line ends and keys over several lines', () => {
    const text =
      '\uFEFF# c\r\n\r\nPORT=1 # one\r\nexport RL_LOG_LEVEL="debug"\r\nKALSHI_PRIVATE_KEY_CONTENT="a\r\nb\r\n"\r\nX=\r\n'
    const { values, faults } = parseDotenv(text, '.env')
    expect(faults).toEqual([])
    expect(values).toEqual({ PORT: '1', RL_LOG_LEVEL: 'debug', KALSHI_PRIVATE_KEY_CONTENT: 'a\nb\n', X: '' })
  })

  it('with broken lines is told by line number, never by what stands there', () => {
    const key =
      'KALSHI_PRIVATE_KEY_CONTENT=-----BEGIN PRIVATE KEY-----\nMIIEvQ7x/+\n-----END PRIVATE KEY-----\nPORT 5\n'
    expect(lines(key)).toEqual(['.env line 2', '.env line 3', '.env line 4'])
    expect(JSON.stringify(parseDotenv(key, '.env').faults)).not.toContain('MIIEvQ7x')
    expect(lines('A="x\ny"\nB\nC="open\nD=1')).toEqual(['.env line 3', '.env line 4', ...lines('')])
    expect(lines('x\n'.repeat(100))).toHaveLength(10)
    expect(lines('P\0O\0R\0T\0')).toEqual(['.env'])
  })

  it('of any text is read without a throw', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('A', '=', '"', "'", '`', '\n', '\r', '#', ' ', '\\', '-', '\0') }),
        (text) => {
          const { values, faults } = parseDotenv(text, '.env')
          expect(faults.length).toBeLessThanOrEqual(10)
          readConfig({ environment: {}, dotenv: values, needsKey: 'never' })
        },
      ),
      { numRuns: 300 },
    )
  })

  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-env-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('may be missing; a folder in its place and its faults are told with all others', () => {
    expect(loadConfig({ file: join(folder, 'none'), needsKey: 'never' }).config.api.port).toBeGreaterThanOrEqual(0)
    const sub = join(folder, 'sub')
    mkdirSync(sub)
    expect(errorOf(() => loadConfig({ file: sub, needsKey: 'never' })).message).toContain('found a folder')
    const file = join(folder, '.env')
    writeFileSync(file, 'nonsense\nKALSHIFLOW_SEAL=maybe\n')
    expect(errorOf(() => loadConfig({ file, needsKey: 'never' })).faults.map(({ name }) => name)).toEqual([
      `${file} line 1`,
      'KALSHIFLOW_SEAL',
    ])
  })

  it('as the example is the one that the settings make, and with every line switched on nothing is wrong with it', () => {
    const text = exampleText()
    expect(readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8')).toBe(text)
    const { values, faults } = parseDotenv(text.replaceAll(/^# ([A-Z_]+=)/gm, '$1'), '.env')
    expect(faults).toEqual([])
    expect(Object.keys(values).sort()).toEqual([...SETTING_NAMES].sort())
    expect(readConfig({ environment: {}, dotenv: values }).notices).toEqual([])
  })
})
