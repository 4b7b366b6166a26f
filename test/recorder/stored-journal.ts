/**
 * What the long tests of the store share: the program recording an exchange of this process, and the comparison of its
 * journal, counted frame by frame, with the rows that the database holds.
 */
import pg from 'pg'
import { expect } from 'vitest'
import { askRecorder } from '#app'
import { decodeFrame } from '#codec'
import { RECORD } from '#domain'
import type { RunningExchange } from '#exchange'
import { FileDisk, openCursor } from '#journal'
import { openDatabase } from '#store'
import { countRows } from '../store/writer-support.ts'
import { type Ended, pointedAt, type Running, run } from '../support/program.ts'
import { until } from '../support/recording.ts'

export type Account = {
  readonly frames: number
  readonly isComplete: boolean
  readonly breaks: number
  readonly malformed: number
  readonly store: { readonly state: string; readonly rows: number; readonly quarantined: number }
}

/** `verify` and every other command has to be done by then. */
const COMMAND_MS_MAX = 120_000

export const accountOf = ({ out }: Ended): Account => JSON.parse(out) as Account

type Asked = { readonly args?: readonly string[]; readonly settings?: Readonly<Record<string, string>> }

/** The program, recording all markets of the exchange with its store. */
export function startRecording(
  exchange: Pick<RunningExchange, 'url' | 'restUrl' | 'keyPem' | 'tickers'>,
  data: string,
  { args = [], settings = {} }: Asked = {},
): Running {
  const markets = exchange.tickers.join(',')
  const environment = { ...pointedAt(exchange), ...settings }
  return run(['record', '--no-serve', '--data', data, '--markets', markets, '--json', ...args], environment)
}

/** Whether every market's book is valid; `false` where no recorder answers. */
export async function areAllValid(data: string): Promise<boolean> {
  const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
  return status !== undefined && status.markets.asked > 0 && status.markets.valid === status.markets.asked
}

export const untilValid = (data: string) => until('all books are valid', () => areAllValid(data))

/** Frames in a journal that have a row of their own, by type; a trade that is told twice is one. */
export async function countJournal(data: string) {
  const counts = { frames: 0, deltas: 0, tickers: 0, trades: 0, others: 0 }
  const trades = new Set<string>()
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${data}/journal` })) {
    while (block.next()) {
      if (block.type !== RECORD.FRAME) continue
      counts.frames++
      const frame = decodeFrame(block.body().toString('utf8'), true)
      if (frame.type === 'delta') counts.deltas++
      else if (frame.type === 'ticker') counts.tickers++
      else if (frame.type === 'trade') trades.add(`${frame.market} ${frame.tradeId}`)
      else counts.others++
    }
  }
  return { ...counts, trades: trades.size }
}

/** `verify` finds nothing, and the rows are as many as the frames. Answers the frames. `database`: else the embedded one. */
export async function expectStored(data: string, database?: string): Promise<Awaited<ReturnType<typeof countJournal>>> {
  const named = database === undefined ? [] : ['--database', database]
  const verify = run(['verify', '--data', data, '--json', ...named])
  const timer = setTimeout(() => verify.kill('SIGKILL'), COMMAND_MS_MAX)
  const proved = await verify.ended
  clearTimeout(timer)
  const proof = JSON.parse(proved.out === '' ? '{}' : proved.out) as { faults?: string[] }
  expect([proved.code, proof.faults, proved.err]).toEqual([0, [], ''])

  const counted = await countJournal(data)
  const lease = await openDatabase({ dataFolder: data, databaseUrl: database })
  const client = new pg.Client({ connectionString: lease.url })
  try {
    await client.connect()
    const rows = (table: string) => countRows(client, 'kalshiflow', table)
    expect({
      deltas: await rows('rl_orderbook_deltas'),
      tickers: await rows('rl_ticker'),
      trades: await rows('rl_trades'),
      quarantined: await rows('rl_quarantine'),
    }).toEqual({ deltas: counted.deltas, tickers: counted.tickers, trades: counted.trades, quarantined: 0 })
  } finally {
    await client.end()
    await lease.release()
  }
  return counted
}
