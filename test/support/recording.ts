/**
 * A recorder and an exchange that are real in every part: sockets on 127.0.0.1, files in a temporary folder, the exchange
 * in a thread of its own or in this one where a test needs its fault switches.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { foldRecord, openLog, openRecorder, type Recorder, type RecorderOptions, readBooks } from '#app'
import { decodeFrame } from '#codec'
import { RECORD } from '#domain'
import { type ExchangeOptions, type RunningExchange, type SentReport, startExchange } from '#exchange'
import { Fold } from '#feed'
import { FileDisk, openCursor } from '#journal'
import { loadKey } from '#kalshi'
import { type Digest, digestOf, digestsOf } from './fold.ts'

export type LogLine = { readonly event: string; readonly [field: string]: unknown }

/** A data folder that is removed when the test ends. */
export function aFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'kalshiflow-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A log kept in memory. */
export function aLog() {
  const lines: LogLine[] = []
  const { log } = openLog({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  })
  return { log, lines, of: (event: string) => lines.filter((each) => each.event === event) }
}

export const recorderOptions = (
  exchange: { url: string; keyPem: string },
  dataFolder: string,
): Omit<RecorderOptions, 'log'> => ({
  environment: 'sim',
  dataFolder,
  wsUrl: exchange.url,
  key: loadKey({ content: exchange.keyPem }).key,
  keyId: 'test',
  useYesPrice: true,
  pingSilenceMs: 25_000,
  marketsPerConnection: 5000,
  connectionsMax: 4,
  journal: {
    commitIntervalMs: 5,
    bufferBytes: 64 << 20,
    segmentBytes: 256 << 20,
    segmentMs: 3_600_000,
    seal: false,
    checkpointDeltas: 5000,
    checkpointMs: 3_600_000,
  },
})

export type Recording = Awaited<ReturnType<typeof record>>

/** Starts an exchange in this thread and a recorder of all its markets. */
export async function record(
  exchangeOptions: Omit<ExchangeOptions, 'port'>,
  options: Partial<RecorderOptions> & { readonly markets?: readonly string[]; readonly folder?: string } = {},
) {
  const exchange = await startExchange({ port: 0, keyType: 'ed25519', ...exchangeOptions })
  const folder = options.folder === undefined ? aFolder() : { path: options.folder, remove: () => {} }
  const { log, lines, of } = aLog()
  const { markets = exchange.tickers, folder: _, ...rest } = options
  const recorder = await openRecorder({ ...recorderOptions(exchange, folder.path), log, ...rest })
  recorder.begin()
  recorder.start(markets)
  return {
    exchange,
    recorder,
    folder: folder.path,
    lines,
    of,
    async close() {
      const account = await recorder.stop('test ended')
      await exchange.close()
      folder.remove()
      return account
    },
  }
}

/** Waits until something holds; fails with its words when it does not within `ms`. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain until ${what}`)
    await sleep(5)
  }
}

/** Until the playback is done and every frame sent has been folded. */
export async function untilPlayed(
  { exchange, recorder }: { exchange: RunningExchange; recorder: Recorder },
  ms = 60_000,
): Promise<SentReport> {
  await until('the playback is done', () => exchange.sent().playback.done, ms)
  await until('every frame sent was taken', () => recorder.fold.counts.frames === exchange.sent().total)
  return exchange.sent()
}

/** Frames in a journal by reading it with a cursor of its own. */
export async function countFrames(folder: string): Promise<number> {
  let frames = 0
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) if (block.type === RECORD.FRAME) frames++
  }
  return frames
}

/** Digests of the books that the journal alone leads to. */
export async function journalDigests(folder: string): Promise<Record<string, Digest>> {
  const { fold, faults } = await readBooks({ folder: `${folder}/journal` })
  if (faults.length > 0) throw new Error(`the journal has faults: ${JSON.stringify(faults)}`)
  return digestsOf(fold)
}

export const liveDigests = (recorder: Recorder): Record<string, { valid: boolean; sha256: string }> =>
  Object.fromEntries(
    recorder.fold
      .markets()
      .map(({ ticker, valid, book }) => [ticker, { valid, sha256: digestOf(ticker, book.levels()) }]),
  )

/**
 * Every snapshot in a journal that came while its market's book was proven, compared with that book just before it: the
 * exchange's own word on what we held. `differing` names the markets whose book was another.
 */
export async function auditJournal(folder: string): Promise<{ audited: number; differing: string[] }> {
  const fold = new Fold()
  let audited = 0
  const differing: string[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) {
      if (block.type === RECORD.FRAME) {
        const useYesPrice = fold.connection(block.connection)?.opened.useYesPrice ?? false
        const frame = decodeFrame(block.body().toString('utf8'), useYesPrice)
        const market = frame.type === 'snapshot' ? fold.market(frame.market) : undefined
        if (frame.type === 'snapshot' && market?.proven === true) {
          audited++
          const sent = digestOf(frame.market, frame)
          if (sent !== digestOf(frame.market, market.book.levels())) differing.push(frame.market)
        }
      }
      foldRecord(fold, block)
    }
  }
  return { audited, differing }
}
