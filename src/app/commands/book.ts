/** `kalshiflow book T`: a book now, from the running recorder or from the journal alone. */
import { type Command, Option } from 'commander'
import { formatPosition } from '#domain'
import type { DoubtCause } from '#feed'
import { askRecorder, type BookView, viewBook } from '#live'
import { readStoredBooks } from '#store'
import { tellReadFault } from '../reading/journal-faults.ts'
import { readBooks } from '../reading/read-books.ts'
import { isRecording } from '../recorder/data-lock.ts'
import { type ClientFlags, openClient } from '../store/open-client.ts'
import { EXIT } from './failure.ts'
import { print, printJson, table } from './output.ts'
import { type CommonFlags, count, folderToRead, withData, withJson } from './shared.ts'

type BookFlags = CommonFlags & {
  readonly from: 'live' | 'journal' | 'database'
  readonly database?: string
  readonly depth: number
  readonly all?: boolean
}

export function addBook(program: Command): void {
  withJson(withData(program.command('book [tickers...]')))
    .addOption(
      new Option('--from <source>', 'live: the running recorder; journal: the files alone; database: PostgreSQL alone')
        .choices(['live', 'journal', 'database'])
        .default('live'),
    )
    .addOption(new Option('--depth <levels>', 'levels of each side to show').default(10).argParser(count(1, 10_000)))
    .option('--database <url>', 'with --from database: PostgreSQL (DATABASE_URL; default: the embedded server)')
    .option('--all', 'every market there is')
    .summary('a market’s order book')
    .description(
      'Shows books with what says how far to believe them. From the journal alone, the frames are folded anew with the\n' +
        'code of the live feed; a recording that has ended shows its last books, which are then not valid any more.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow book KXDEMO-RAIN-MON\n  kalshiflow book KXDEMO-RAIN-MON --from journal --json\n  kalshiflow book --all --json\n\n' +
        'Exit code: 0 shown, 1 a ticker is not known, 2 could not run.',
    )
    .action(async (tickers: string[], flags: BookFlags) => {
      const wanted = flags.all === true ? undefined : tickers
      if (wanted?.length === 0) {
        print('Name a ticker, or ask for --all. `kalshiflow book --help` has examples.')
        process.exitCode = EXIT.COULD_NOT_RUN
        return
      }
      const folder = folderToRead(flags)
      const { books, unknown } = await readFrom(flags, folder, wanted)
      if (flags.json === true) printJson(wanted?.length === 1 && books.length === 1 ? books[0] : { books, unknown })
      else for (const book of books) print(`${show(book, flags.depth)}\n`)
      for (const each of unknown)
        process.stderr.write(`kalshiflow: ${each} is not known to ${folder}${near(each, books)}\n`)
      process.exitCode = unknown.length > 0 ? EXIT.FAULTS : EXIT.DONE
    })
}

type Books = { readonly books: readonly BookView[]; readonly unknown: readonly string[] }

async function readFrom(
  { from, ...flags }: BookFlags,
  folder: string,
  wanted: readonly string[] | undefined,
): Promise<Books> {
  if (from === 'live') return fromLive(folder, wanted)
  return from === 'journal' ? fromJournal(folder, wanted) : fromDatabase(folder, wanted, flags)
}

/** A copy further behind than this is not called valid. */
const BEHIND_MS_MAX = 1_000

async function fromDatabase(folder: string, wanted: readonly string[] | undefined, flags: ClientFlags): Promise<Books> {
  const { client, schema, close } = await openClient(folder, flags)
  try {
    const { books, unknown, position, storedMs } = await readStoredBooks(client, { schema, tickers: wanted })
    const nowMs = Date.now()
    const place = position === undefined ? undefined : formatPosition(position)
    const durable = isRecording(folder)
      ? await askRecorder(folder, { ask: 'status' }).then(
          ({ journal }) => journal.durable,
          () => undefined,
        )
      : undefined
    const behindMs = durable === place ? 0 : Math.max(0, nowMs - storedMs)
    // Rows know of an end only when it was recorded: a process that died left its books standing.
    const doubt: DoubtCause | undefined =
      durable === undefined ? 'process_down' : behindMs > BEHIND_MS_MAX ? 'behind' : undefined
    return {
      books: books.map(({ ticker, book, valid, seq, asOfMs }) => {
        const isValid = valid && doubt === undefined
        const shown = {
          ticker,
          book,
          valid: isValid,
          seq,
          asOfMs,
          doubt: isValid ? undefined : valid ? doubt : ('recording_stopped' as DoubtCause),
        }
        return {
          ...viewBook(shown, nowMs),
          ...(place === undefined ? {} : { position: place }),
          behind_ms: Math.round(behindMs),
        }
      }),
      unknown,
    }
  } finally {
    await close()
  }
}

const fromLive = (folder: string, wanted: readonly string[] | undefined): Promise<Books> =>
  askRecorder(folder, { ask: 'books', ...(wanted === undefined ? {} : { markets: wanted }) })

async function fromJournal(folder: string, wanted: readonly string[] | undefined): Promise<Books> {
  const journal = `${folder}/journal`
  const progress = process.stderr.isTTY === true && process.env['NO_PROGRESS'] === undefined
  const startedMs = performance.now()
  let shownMs = startedMs
  const { fold, faults } = await readBooks({
    folder: journal,
    ...(wanted === undefined ? {} : { markets: wanted }),
    onProgress: (records) => {
      const nowMs = performance.now()
      if (!progress || nowMs - startedMs < 1000 || nowMs - shownMs < 250) return
      shownMs = nowMs
      const rate = Math.round((records / (nowMs - startedMs)) * 1000)
      process.stderr.write(
        `\r\u001b[2K${records.toLocaleString('en-US')} records read, ${rate.toLocaleString('en-US')}/s`,
      )
    },
  })
  if (progress && shownMs !== startedMs) process.stderr.write('\r\u001b[2K')
  for (const fault of faults) {
    const text = tellReadFault(journal, fault)
    if (text !== undefined) process.stderr.write(`kalshiflow: ${text}\n`)
  }
  // Without a living recorder the last books are those of a process that died, however well they were proven then.
  if (!isRecording(folder)) fold.ended('process_down')
  const nowMs = Date.now()
  const tickers = wanted ?? fold.markets().map(({ ticker }) => ticker)
  const found = tickers.map((ticker) => ({ ticker, market: fold.market(ticker) }))
  return {
    books: found.flatMap(({ market }) => (market === undefined || market.seq === 0 ? [] : [viewBook(market, nowMs)])),
    unknown: found.filter(({ market }) => market === undefined || market.seq === 0).map(({ ticker }) => ticker),
  }
}

function show(book: BookView, depth: number): string {
  const no = book.no_dollars.slice(-depth).reverse()
  const yes = book.yes_dollars.slice(-depth).reverse()
  const rows = Array.from({ length: Math.max(no.length, yes.length) }, (_, index) => {
    const [yesPrice = '', yesSize = ''] = yes[index] ?? []
    const [noPrice = '', noSize = ''] = no[index] ?? []
    return [yesSize, yesPrice, noPrice, noSize]
  })
  const belief = book.valid
    ? `valid as of ${book.as_of}`
    : `NOT VALID (${book.doubt}), last known ${book.as_of ?? 'never'}`
  const bid = book.yes_bid_dollars ?? '-'
  const ask = book.yes_ask_dollars ?? '-'
  const figures = `YES ${bid} / ${ask}  spread ${book.spread_dollars ?? '-'}  mid ${book.mid_dollars ?? '-'}  volume ${book.total_volume_fp}`
  const ladder = rows.length === 0 ? '(empty)' : table(['yes size', 'yes bid', 'no bid', 'no size'], rows)
  return `${book.market_ticker}  seq ${book.seq}  ${belief}\n${figures}\n${ladder}`
}

/** Tickers that begin alike. */
function near(ticker: string, books: readonly BookView[]): string {
  const alike = books.map(({ market_ticker }) => market_ticker).filter((each) => each.startsWith(ticker.slice(0, 6)))
  return alike.length === 0 ? '; `kalshiflow book --all` shows what is' : `; near: ${alike.slice(0, 3).join(', ')}`
}
