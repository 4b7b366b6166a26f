/** `kalshiflow exchange`: the simulated exchange on a port of its own. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ExchangeOptions, type KeyType, startExchange } from '#exchange'
import { print, printJson } from './output.ts'
import { count, duration } from './shared.ts'
import { DEMO_CAPTURE } from './start.ts'
import { untilStopped } from './stop-signals.ts'

type ExchangeFlags = {
  readonly port: number
  readonly host: string
  readonly capture?: string
  readonly speed?: number | 'max'
  readonly rate?: number
  readonly copies?: number
  readonly loop?: boolean
  readonly until?: number
  readonly keepTimes?: boolean
  readonly startAfter?: number
  readonly keyOut?: string
  readonly keyType?: KeyType
  readonly seed?: number
  readonly for?: number
  readonly json?: boolean
}

const PORT = 7070

export function addExchange(program: Command): void {
  program
    .command('exchange')
    .summary('the simulated exchange, which plays a capture')
    .description(
      'Speaks Kalshi’s WebSocket and REST protocols on one port and plays recorded frames to whoever subscribes.\n' +
        'Handshakes are verified: --key-out writes the private key whose signatures are taken, with any key id.',
    )
    .addOption(new Option('--port <port>', '0 takes a free one').default(PORT).argParser(count(0, 65_535)))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--capture <file>', 'newline JSON, plain, .gz or .zst (default: the demo capture of the program)')
    .addOption(new Option('--speed <factor>', '1 as recorded, N times as fast, or max').argParser(speed))
    .addOption(
      new Option('--rate <frames>', 'frames a second in all, evenly; stamps ignored').argParser(count(1, 10_000_000)),
    )
    .addOption(new Option('--copies <n>', 'each market under N tickers').argParser(count(1, 100_000)))
    .option('--loop', 'again and again, with fresh snapshots in sequence')
    .addOption(
      new Option('--until <seq>', 'end after the frame with this seq of the capture').argParser(
        count(1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .option('--keep-times', 'leave ts and ts_ms as recorded')
    .addOption(
      new Option('--start-after <markets>', 'start the clock when one connection holds so many markets').argParser(
        count(1, 1_000_000),
      ),
    )
    .option('--key-out <file>', 'write the private key there (PEM, mode 0600)')
    .addOption(new Option('--key-type <type>', 'of the key that is made').choices(['rsa', 'ed25519']))
    .addOption(new Option('--seed <n>', 'where chance comes from').argParser(count(0, 2 ** 32)))
    .addOption(new Option('--for <duration>', 'stop by itself after 90s, 5m, 2h').argParser(duration))
    .option('--json', 'one JSON value on standard output when it listens, one when it ends')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  kalshiflow exchange --key-out /tmp/key.pem --loop\n' +
        '  kalshiflow exchange --rate 5000 --copies 10 --loop --key-out /tmp/key.pem\n\n' +
        'Then, elsewhere:\n' +
        '  KALSHI_WS_URL=ws://127.0.0.1:7070/trade-api/ws/v2 KALSHI_API_KEY_ID=any KALSHI_PRIVATE_KEY_PATH=/tmp/key.pem kalshiflow record\n',
    )
    .action(runExchange)
}

async function runExchange(flags: ExchangeFlags): Promise<void> {
  const { rate, until, startAfter, for: forMs, json, capture = DEMO_CAPTURE, ...rest } = flags
  const options: ExchangeOptions = {
    ...rest,
    capture,
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    ...(until === undefined ? {} : { untilSeq: until }),
    ...(startAfter === undefined ? {} : { startAfterMarkets: startAfter }),
  }
  const signals = untilStopped(forMs)
  const exchange = await startExchange(options)
  const { url, restUrl, tickers } = exchange
  if (json === true) printJson({ url, rest_url: restUrl, markets: tickers.length, key: flags.keyOut ?? null })
  else
    print(
      `Listening on ${url} (REST ${restUrl}), ${tickers.length} markets.${flags.keyOut === undefined ? '' : ` Private key: ${flags.keyOut}`}`,
    )
  const { reason } = await signals.stopped
  const sent = exchange.sent()
  await exchange.close()
  if (json === true) printJson(sent)
  else
    print(
      `Ended (${reason}): ${sent.total.toLocaleString('en-US')} frames sent; connections: ${sent.connections.length}.`,
    )
}

function speed(text: string): number | 'max' {
  if (text === 'max') return text
  const factor = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || factor <= 0)
    throw new InvalidArgumentError('needed: max, or a number above 0 such as 1, 10 or 0.5.')
  return factor
}
