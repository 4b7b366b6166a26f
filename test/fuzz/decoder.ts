/**
 * Frames of anybody's making, into decoder, scanner and fold. Held: nothing throws; whatever the scanner takes the plain
 * decoder reads the same; no level is at or below nothing; names and counters do not grow without end.
 */
import { DeltaScanner, decodeFrame, encodeCommand, FieldCensus, readCommand, TickerTable } from '#codec'
import { Fold } from '#feed'
import type { SeededRandom } from '#journal'
import { DEMO, framesOf } from '../support/captures.ts'
import { aDelta, anError, anOk, aSnapshot, aSubscribed } from '../support/frames.ts'
import { type FuzzTarget, must } from './fuzz-target.ts'
import { mutateBytes, mutateJson, oneOf } from './mutate.ts'

/** A fold is begun anew after so many frames: its tickers are as many as the exchange names. */
const FRAMES_PER_FOLD = 4_000
const MARKETS = ['KXA', 'KXB', 'KXDEMO-RAIN-MON']
const OPENED = { host: 'fuzz', environment: 'sim', useYesPrice: true, firstSeq: 'any' } as const
const COMMANDS = [
  encodeCommand(1, { cmd: 'subscribe', channel: 'orderbook_delta', markets: MARKETS, useYesPrice: true }),
  '{"id":2,"cmd":"update_subscription","params":{"sids":[1],"action":"get_snapshot","market_tickers":["KXA"]}}',
  '{"id":3,"cmd":"update_subscription","params":{"sids":[1],"action":"delete_markets","market_tickers":["KXB"]}}',
]

export const decoder: FuzzTarget = {
  name: 'decoder',
  caseMsMax: 4_000,
  async open() {
    const recorded = framesOf(DEMO)
    const corpus = [...recorded.slice(0, 200), ...recorded.filter((_, index) => index % 50 === 0), ...handmade()]
    const buffers = corpus.map((text) => Buffer.from(text))
    const table = new TickerTable()
    for (const each of MARKETS) table.add(each)
    const scanner = new DeltaScanner(table)
    const census = new FieldCensus()
    let last: Uint8Array = Buffer.alloc(0)
    let fold = newFold()
    let seq = 1

    return {
      run(random) {
        last = makeFrame(random, buffers, () => seq++)
        const outcome = compare(scanner, table, census, last, random.below(2) === 0)
        fold.frame(1, last, 1_000 + seq)
        if (random.below(50) === 0) fold.command(1, mutateBytes(random, Buffer.from(oneOf(random, COMMANDS))))
        if (random.below(500) === 0) fold.opened(1, OPENED)
        if (fold.counts.frames >= FRAMES_PER_FOLD) {
          checkBooks(fold)
          must(census.counts().size <= 501, `the census holds ${census.counts().size} names`)
          fold = newFold()
          seq = 1
        }
        return outcome
      },
      lastInput: () => last,
      close: () => checkBooks(fold),
    }
  },
}

function newFold(): Fold {
  const fold = new Fold()
  fold.opened(1, OPENED)
  fold.command(1, Buffer.from(COMMANDS[0]!))
  fold.frame(1, Buffer.from(aSubscribed()), 1)
  return fold
}

const handmade = () => [
  aSubscribed(),
  anOk(3),
  anError(25, { sid: 1, seq: 4 }),
  aSnapshot(2, 'KXA', { yes: [['0.4000', '10.00']], no: [['0.7000', '3.50']] }),
  aSnapshot(3, 'KXB', {}),
  ...Array.from({ length: 20 }, (_, index) =>
    aDelta(4 + index, oneOfTwo(index), '0.4000', index % 3 === 0 ? '-1.00' : '2.50'),
  ),
  '{"type":"orderbook_delta","sid":1,"seq":77,"msg":{"market_ticker":"KXA","market_id":"m","price_dollars":"0.4200","delta_fp":"-30.25","side":"no","ts":"2026-11-22T12:00:00.123456Z","ts_ms":1795348800123},"sending_ts_ms":1795348800126}\n',
  '{"id":1,"type":"ok","msg":[{"channel":"orderbook_delta","sid":1}]}',
  '{"id":5,"sid":1,"seq":9,"type":"unsubscribed"}',
]
const oneOfTwo = (index: number): string => MARKETS[index % 2]!

/** In sequence as often as not, so that it comes as far as the books. */
function makeFrame(random: SeededRandom, corpus: readonly Buffer[], nextSeq: () => number): Uint8Array {
  const base = oneOf(random, corpus)
  if (random.below(3) > 0) {
    const frame = JSON.parse(base.toString('utf8')) as Record<string, unknown>
    const placed = 'seq' in frame && random.below(8) > 0 ? { ...frame, sid: 1, seq: nextSeq() } : frame
    const value = random.below(2) === 0 ? placed : mutateJson(random, placed)
    const text = Buffer.from(`${JSON.stringify(value) ?? ''}\n`)
    return random.below(4) === 0 ? mutateBytes(random, text) : text
  }
  return mutateBytes(random, base, corpus)
}

/** Both readers of one frame, and whoever looks at its fields. */
function compare(
  scanner: DeltaScanner,
  table: TickerTable,
  census: FieldCensus,
  bytes: Uint8Array,
  useYesPrice: boolean,
) {
  const text = Buffer.from(bytes).toString('utf8')
  const plain = decodeFrame(text, useYesPrice, census.watch)
  if (plain.type === 'unknown') census.countType(plain.name)
  readCommand(text)
  if (!scanner.scan(bytes, useYesPrice)) return plain.type
  const { sid, seq, side, price, change, exchangeMs } = scanner
  const scanned = { type: 'delta', sid, seq, market: table.name(scanner.market), side, price, change, exchangeMs }
  for (const [name, value] of Object.entries(scanned)) {
    const other = (plain as unknown as Record<string, unknown>)[name]
    must(
      Object.is(other, value),
      `the scanner reads ${name} as ${String(value)}, the plain decoder as ${String(other)}`,
    )
  }
  return 'scanned'
}

function checkBooks(fold: Fold): void {
  for (const { ticker, book } of fold.markets()) {
    const { yes, no } = book.levels()
    for (const [price, size] of [...yes, ...no])
      must(size > 0 && Number.isSafeInteger(size) && price > 0 && price < 10_000, `${ticker} has ${size} at ${price}`)
  }
}
