/** `kalshiflow probe`: some read-only minutes on an exchange that answer what only it can confirm. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadKey } from '#kalshi'
import { loadConfig } from '../config/config-load.ts'
import { QUESTIONS } from '../probe/questions/index.ts'
import { makeReport, type ProbeReport } from '../probe/report.ts'
import { ProbeError, runProbe } from '../probe/run-probe.ts'
import { writeProbe } from '../probe/write-probe.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './failure.ts'
import { print, printJson, table } from './output.ts'
import { count, withJson } from './shared.ts'
import { untilStopped } from './stop-signals.ts'

type ProbeFlags = {
  readonly profile?: string
  readonly json?: boolean
  readonly minutes: number
  readonly markets?: string
  readonly maxMarkets: number
  readonly out?: string
}

export function addProbe(program: Command): void {
  withJson(program.command('probe'))
    .option('--profile <name>', 'settings from .env.<name>')
    .addOption(new Option('--minutes <n>', 'how long connections are watched').default(5).argParser(minutes))
    .option('--markets <tickers>', 'tickers with commas between them (RL_MARKET_TICKERS)')
    .addOption(
      new Option('--max-markets <n>', 'without tickers: how many of the open markets with the most volume')
        .default(10)
        .argParser(count(1, 50)),
    )
    .option('--out <folder>', 'where the report and the frames go (default: ./probe-<environment>-<time>)')
    .summary('ask an exchange what only it can confirm')
    .description(
      'Watches a few markets of the configured exchange with read-only commands, answers each fact that the documents mark\n' +
        '"unconfirmed live", and writes a report and the frames, without anything of your account, to be published.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow probe --profile demo\n  kalshiflow probe --minutes 10 --max-markets 20 --out ./probe\n  kalshiflow exchange --capture ./probe/frames.jsonl.gz\n\n' +
        'Exit code: 0 no fact was refuted, 1 one was, 2 could not run.',
    )
    .action(probe)
}

async function probe(flags: ProbeFlags): Promise<void> {
  const overrides = flags.markets === undefined ? {} : { RL_MARKET_TICKERS: flags.markets }
  const { config } = loadConfig({ profile: flags.profile, overrides, needsKey: 'always' })
  const { wsUrl, apiUrl, keyId, key: source } = config.exchange
  if (!config.exchangeChosen || source === undefined || keyId === undefined)
    throw new ProbeError(
      'found no exchange and key in the settings, needed KALSHI_API_KEY_ID and its private key: see .env.example',
    )
  const { key } = loadKey('path' in source ? source : { content: source.content.reveal() })
  const stopping = new AbortController()
  void untilStopped().stopped.then(() => stopping.abort())
  const startedMs = Date.now()
  const seen = await runProbe({
    wsUrl,
    apiUrl,
    key,
    keyId,
    forMs: flags.minutes * 60_000,
    markets: config.markets.length > 0 ? config.markets : flags.maxMarkets,
    signal: stopping.signal,
    onStep: (step) => {
      if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[2K${step}`)
    },
  })
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[2K')
  const { environment } = config
  const host = new URL(wsUrl).host
  const names = [keyId]
  const seconds = (Date.now() - startedMs) / 1000
  const report = makeReport(QUESTIONS, seen, { version: VERSION, environment, host, startedMs, seconds, names })
  const time = report.started.slice(0, 19).replaceAll(/[-:]/g, '')
  const files = writeProbe(flags.out ?? `probe-${environment}-${time}`, report, seen, names)
  if (flags.json === true) printJson({ ...report, files })
  else print(describe(report, files))
  process.exitCode = report.counts.refuted > 0 ? EXIT.FAULTS : EXIT.DONE
  // Sockets that the other side keeps open are nobody's wait.
  setTimeout(() => process.exit(), 1_000).unref()
}

function minutes(text: string): number {
  const value = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (!(value > 0 && value <= 120)) throw new InvalidArgumentError('needed: minutes from 0.01 to 120.')
  return value
}

const SHOWN = { confirmed: 'confirmed', refuted: 'REFUTED', 'not seen': '-' } as const

const describe = ({ facts, counts }: ProbeReport, files: readonly string[]): string =>
  [
    table(
      ['verdict', 'fact', 'observed'],
      facts.map(({ id, verdict, observation }) => [SHOWN[verdict], id, observation.slice(0, 120)]),
    ),
    '',
    `${counts.confirmed} confirmed, ${counts.refuted} refuted, ${counts['not seen']} not seen. Written: ${files.join(', ')}`,
  ].join('\n')
