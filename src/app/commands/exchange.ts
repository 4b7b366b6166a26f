/** `kalshiflow exchange`: the simulated exchange on a port of its own. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { describeFaults, ExchangeError, type ExchangeOptions, type KeyType, startExchange } from '#exchange'
import { DEMO_CAPTURE } from './demo-capture.ts'
import { print, printJson } from './output.ts'
import { count, duration, life } from './shared.ts'
import { untilStopped } from './stop-signals.ts'

type ExchangeFlags = {
  readonly port: number
  readonly host: string
  readonly markets?: number
  readonly life?: readonly [number, number]
  readonly signal?: boolean
  readonly rate?: number
  readonly capture?: string
  readonly speed?: number | 'max'
  readonly copies?: number
  readonly loop?: boolean
  readonly until?: number
  readonly keepTimes?: boolean
  readonly startAfter?: number
  readonly keyOut?: string
  readonly keyType?: KeyType
  readonly seed?: number
  readonly faults?: string
  readonly for?: number
  readonly json?: boolean
}

const PORT = 7070
/** `--capture demo` */
const DEMO = 'demo'

const CAPTURE_FLAGS = ['speed', 'copies', 'loop', 'until', 'keepTimes', 'startAfter'] as const
const WORLD_FLAGS = ['markets', 'life', 'signal'] as const

export function addExchange(program: Command): void {
  program
    .command('exchange')
    .summary('the simulated exchange: markets that trade, or a capture')
    .description(
      'Speaks Kalshi’s WebSocket and REST protocols on one port. Without --capture\n' +
        'it runs a world of its own: traders on a matching engine, markets that open,\n' +
        'close and settle, the same for the same seed. With --capture it plays\n' +
        'recorded frames to whoever subscribes. Handshakes are verified: --key-out\n' +
        'writes the private key whose signatures are taken, with any key id.',
    )
    .addOption(new Option('--port <port>', '0 takes a free one').default(PORT).argParser(count(0, 65_535)))
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--seed <n>', 'where chance comes from (default: 1)').argParser(count(0, 2 ** 32)))
    .addOption(new Option('--markets <n>', 'world: markets open at a time (default: 30)').argParser(count(1, 10_000)))
    .addOption(
      new Option(
        '--rate <frames>',
        'frames a second in all: of a world on average (default: 200), of a capture evenly',
      ).argParser(count(1, 10_000_000)),
    )
    .addOption(new Option('--life <min-max>', 'world: how long markets live (default: 2m-15m)').argParser(life))
    .option('--signal', 'world: plant a signal that foretells prices')
    .option('--capture <file>', 'play newline JSON, plain, .gz or .zst; demo plays the capture that comes along')
    .addOption(new Option('--speed <factor>', 'capture: 1 as recorded, N times as fast, or max').argParser(speed))
    .addOption(new Option('--copies <n>', 'capture: each market under N tickers').argParser(count(1, 100_000)))
    .option('--loop', 'capture: again and again, with fresh snapshots in sequence')
    .addOption(
      new Option('--until <seq>', 'capture: end after the frame with this seq of the capture').argParser(
        count(1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .option('--keep-times', 'capture: leave ts and ts_ms as recorded')
    .addOption(
      new Option(
        '--start-after <markets>',
        'capture: start the clock when one connection holds so many markets',
      ).argParser(count(1, 1_000_000)),
    )
    .option('--faults <spec>', 'what is to go wrong, such as drop=0.1%,stall=5s@30s; help tells all of it')
    .option('--key-out <file>', 'write the private key there (PEM, mode 0600)')
    .addOption(new Option('--key-type <type>', 'of the key that is made').choices(['rsa', 'ed25519']))
    .addOption(new Option('--for <duration>', 'stop by itself after 90s, 5m, 2h').argParser(duration))
    .option('--json', 'one JSON value on standard output when it listens, one when it ends')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  kalshiflow exchange --key-out /tmp/key.pem\n' +
        '  kalshiflow exchange --key-out /tmp/key.pem --seed 7 --markets 200 --rate 5000 --life 30s-2m\n' +
        '  kalshiflow exchange --key-out /tmp/key.pem --capture demo --loop\n' +
        '  kalshiflow exchange --key-out /tmp/key.pem --faults drop=0.1%,cut@40s,429=3@40s\n' +
        '  kalshiflow exchange --faults help\n\n' +
        'Then, elsewhere:\n' +
        '  KALSHI_WS_URL=ws://127.0.0.1:7070/trade-api/ws/v2 KALSHI_API_KEY_ID=any KALSHI_PRIVATE_KEY_PATH=/tmp/key.pem kalshiflow record\n',
    )
    .action(runExchange)
}

/** Instead of a spec: tells what may stand in one. */
export const FAULTS_HELP = 'help'

async function runExchange(flags: ExchangeFlags): Promise<void> {
  if (flags.faults === FAULTS_HELP) {
    print(describeFaults())
    return
  }
  const options = optionsOf(flags)
  const signals = untilStopped(flags.for)
  const exchange = await startExchange(options)
  const { url, restUrl, tickers } = exchange
  const { json, keyOut } = flags
  if (json === true) printJson({ url, rest_url: restUrl, markets: tickers.length, key: keyOut ?? null })
  else
    print(
      `Listening on ${url} (REST ${restUrl}), ${tickers.length} markets.${keyOut === undefined ? '' : ` Private key: ${keyOut}`}`,
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

/** Throws {@link ExchangeError} for flags that do not go together, under the names that they have here. */
export function optionsOf(flags: ExchangeFlags): ExchangeOptions {
  const { rate, until, startAfter, life: lifeMs, capture, for: _for, json: _json, ...rest } = flags
  const isCapture = capture !== undefined
  const misplaced = (isCapture ? WORLD_FLAGS : CAPTURE_FLAGS).filter((name) => flags[name] !== undefined)
  if (misplaced.length > 0) {
    const names = misplaced.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
    const remedy = isCapture
      ? 'says how a world is, and --capture plays frames instead: leave one of the two out'
      : `says how a capture is played, and without --capture a world runs: name one (--capture ${DEMO} plays the capture that comes along)`
    throw new ExchangeError('FLOW_EXCHANGE_OPTIONS', `${names.join(', ')} ${remedy}`)
  }
  return {
    ...rest,
    ...(capture === undefined ? {} : { capture: capture === DEMO ? DEMO_CAPTURE : capture }),
    ...(rate === undefined ? {} : { ratePerSecond: rate }),
    ...(until === undefined ? {} : { untilSeq: until }),
    ...(startAfter === undefined ? {} : { startAfterMarkets: startAfter }),
    ...(lifeMs === undefined ? {} : { lifeMs }),
  }
}

function speed(text: string): number | 'max' {
  if (text === 'max') return text
  const factor = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || factor <= 0)
    throw new InvalidArgumentError('needed: max, or a number above 0 such as 1, 10 or 0.5.')
  return factor
}

/** `2m-15m`, or one duration for all. */
