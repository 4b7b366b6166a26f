/**
 * Proves journal and database against each other: every byte's checksum, the sequence of every subscription, checkpoints
 * against the books folded from frames, the database's books against those, and its rows against the frames.
 *
 * Reads and compares, mends nothing. What is expected of a recording (a break on the wire, a gap that is declared) is told
 * as a figure; only what contradicts itself is a fault.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import { canonicalText } from '#book'
import {
  type AuditBody,
  comparePositions,
  formatPosition,
  type Levels,
  type Position,
  RECORD,
  type SessionBody,
} from '#domain'
import { Fold } from '#feed'
import {
  decodeJson,
  FileDisk,
  type JournalBlock,
  listSegments,
  losesRecords,
  openCursor,
  type ReadFault,
  verifyJournal,
} from '#journal'
import { foldRecord } from '#live'
import { countDroppedRows, readStoredBooks, type StoredBook, StoredBookError } from '#store'
import { tellArchived, tellReadFault } from './journal-faults.ts'
import { AuditProof } from './prove-audits.ts'

export type Proof = {
  /** What contradicts itself, in words; empty when all is well. */
  readonly faults: readonly string[]
  readonly journal: {
    readonly segments: number
    readonly blocks: number
    readonly records: number
    readonly frames: number
    /** Bytes at the very end that were never told to be durable: left by a killed run, or being written now. */
    readonly tornTailBytes: number
    /** Segments that an archive has and this folder not, in words: nothing of them was proved. */
    readonly archived: readonly string[]
  }
  readonly fold: {
    readonly deltas: number
    readonly snapshots: number
    readonly breaks: number
    readonly malformed: number
    readonly checkpoints: number
    /** Audits that the recorder and its frames tell alike. */
    readonly audits: number
    readonly books: number
  }
  /** Absent when the database was left out. */
  readonly database?: {
    readonly position: string
    readonly books: number
    readonly deltas: number
    readonly snapshots: number
    readonly quarantined: number
  }
}

export type ProveOptions = {
  /** The journal's folder. */
  readonly folder: string
  /** A connection to the database; without it only the journal is proved. */
  readonly client?: pg.Client | undefined
  readonly schema: string
  readonly onProgress?: (step: string, records: number) => void
}

type Counts = Readonly<Record<string, number>>
type Cursor = {
  readonly journalId: number
  readonly position: Position
  readonly counts: Counts
  readonly sampleRate: number
}

export async function proveJournal({ folder, client, schema, onProgress }: ProveOptions): Promise<Proof> {
  const faults: string[] = []
  const report = await verifyJournal({
    disk: new FileDisk(),
    folder,
    onProgress: ({ records }) => onProgress?.('checksums', records),
  })
  let tornTailBytes = 0
  const archived: string[] = []
  for (const fault of report.faults) {
    if (fault.kind === 'torn_tail') tornTailBytes += fault.to - fault.from
    else if (fault.kind === 'archived') archived.push(tellArchived(folder, fault))
    else faults.push(tellFault(folder, fault))
  }
  const cursor = client === undefined ? undefined : await readCursor(client, schema, folder, faults)

  let checkpoints = 0
  const audits = new AuditProof(faults)
  const fold = new Fold({
    audited: (market, found) => audits.found(market, found),
    checkpointDiffers: (market) =>
      faults.push(`the checkpoint of ${market.ticker} after seq ${market.seq} is another book than its frames make`),
  })
  let frames = 0
  let records = 0
  let atCursor: AtCursor | undefined
  const onFault = (fault: ReadFault) => {
    if (!losesRecords(fault)) return
    fold.damaged()
    audits.damaged()
  }
  for await (const block of openCursor({ disk: new FileDisk(), folder, onFault })) {
    while (block.next()) {
      const here = { segment: block.segment, offset: block.recordOffset }
      if (cursor !== undefined && atCursor === undefined && comparePositions(here, cursor.position) >= 0)
        atCursor = capture(fold, frames)
      foldRecord(fold, block)
      records++
      if (block.type === RECORD.FRAME) frames++
      if (block.type === RECORD.CHECKPOINT) checkpoints++
      if (block.type === RECORD.AUDIT || block.type === RECORD.SESSION) proveAudit(audits, block)
    }
    onProgress?.('books', records)
  }
  const { deltas, snapshots, breaks, malformed } = fold.counts
  const proof: Proof = {
    faults,
    journal: {
      segments: report.segments,
      blocks: report.blocks,
      records: report.records,
      frames,
      tornTailBytes,
      archived,
    },
    fold: { deltas, snapshots, breaks, malformed, checkpoints, audits: audits.agreed, books: fold.markets().length },
  }
  if (client === undefined || cursor === undefined) return proof
  onProgress?.('database', records)
  return {
    ...proof,
    database: await compare(client, schema, cursor, atCursor ?? capture(fold, frames), archived.length > 0, faults),
  }
}

function proveAudit(audits: AuditProof, block: JournalBlock): void {
  if (block.type === RECORD.AUDIT) {
    const body = decodeJson<AuditBody>(block.body())
    if (body !== undefined) audits.told(block.connection, body)
    return
  }
  const event = decodeJson<SessionBody>(block.body())?.event
  if (event === 'started') audits.runBegan()
  if (event === 'stopped') audits.runStopped()
}

/** The fold's books where the database ends. */
type AtCursor = {
  readonly frames: number
  readonly counts: Readonly<Record<'deltas' | 'snapshots' | 'tickers', number>>
  readonly books: ReadonlyMap<string, { readonly valid: boolean; readonly digest: string }>
}

function capture(fold: Fold, frames: number): AtCursor {
  const books = fold
    .markets()
    .map(({ ticker, valid, book }) => [ticker, { valid, digest: digest(ticker, book.levels()) }] as const)
  return { frames, counts: { ...fold.counts }, books: new Map(books) }
}

async function readCursor(
  client: pg.Client,
  schema: string,
  folder: string,
  faults: string[],
): Promise<Cursor | undefined> {
  const journal = await journalOf(folder)
  const { rows } = await client.query<{
    journal_id: number
    journal: string
    segment: number
    offset: string
    counts: Counts
    sample_rate: number
  }>(`SELECT journal_id, journal, segment, "offset", counts, sample_rate FROM "${schema}".rl_ingest_cursor`)
  const row = rows.find((each) => each.journal === journal)
  if (row === undefined) {
    faults.push(
      `the database holds nothing of journal ${journal ?? '(none)'}${rows.length > 0 ? `, but of ${rows.map((each) => each.journal).join(', ')}` : ''}: is this its data folder? \`kalshiflow db rebuild\` stores it`,
    )
    return undefined
  }
  return {
    journalId: row.journal_id,
    position: { segment: row.segment, offset: Number(row.offset) },
    counts: row.counts,
    sampleRate: row.sample_rate,
  }
}

async function journalOf(folder: string): Promise<string | undefined> {
  return (await listSegments(new FileDisk(), folder)).find(({ journal }) => journal !== undefined)?.journal
}

async function compare(
  client: pg.Client,
  schema: string,
  cursor: Cursor,
  at: AtCursor,
  isInPart: boolean,
  faults: string[],
): Promise<NonNullable<Proof['database']>> {
  const known = await storedBooks(client, schema, faults)
  let books = 0
  for (const [ticker, { valid, digest: wanted }] of at.books) {
    if (known === undefined) break
    const found = known.get(ticker)
    if (valid && found === undefined)
      faults.push(`the database has no book of ${ticker}, and its frames make a valid one`)
    if (found === undefined) continue
    books++
    if (found.valid !== valid)
      faults.push(
        `the database calls the book of ${ticker} ${found.valid ? 'valid' : 'not valid'}, its frames ${valid ? 'valid' : 'not valid'}`,
      )
    else if (valid && digest(ticker, found.book.levels()) !== wanted)
      faults.push(`the database's book of ${ticker} is another than its frames make`)
  }
  const rows = await countRows(client, schema, cursor.journalId)
  // Days that were dropped since an archive has them were written all the same.
  const dropped = await countDroppedRows(client, schema, cursor.journalId)
  const { counts, position } = cursor
  const told = (name: string) => counts[name] ?? 0
  // What was stored of segments that are not here any more cannot be counted again.
  if (!isInPart && told('frames') !== at.frames)
    faults.push(
      `the journal has ${at.frames} frames up to ${formatPosition(position)}, and the database was made from ${told('frames')}`,
    )
  for (const kind of ['deltas', 'snapshots', 'tickers'] as const) {
    if (!isInPart && Math.abs(told(kind) - at.counts[kind]) > rows.quarantined)
      faults.push(
        `the journal has ${at.counts[kind]} ${kind} up to ${formatPosition(position)}, and the database was made from ${told(kind)}`,
      )
  }
  // A record in quarantine is no row of its own table; which table it would have been in is not told apart here.
  for (const [what, written, found, gone = 0] of [
    ['delta', cursor.sampleRate === 1 ? told('deltas') : rows.deltas, rows.deltas, dropped.rl_orderbook_deltas],
    ['snapshot', told('snapshots') + told('checkpoints'), rows.snapshots, dropped.rl_orderbook_snapshots],
    ['ticker', told('tickers'), rows.tickers, dropped.rl_ticker],
  ] as const) {
    const wanted = what === 'delta' && cursor.sampleRate > 1 ? written : written - gone
    if (found > wanted || found < wanted - rows.quarantined)
      faults.push(
        `the database has ${found} ${what} rows, and ${wanted} were written${gone > 0 ? ` and not dropped` : ''}`,
      )
  }
  return {
    position: formatPosition(position),
    books,
    deltas: rows.deltas,
    snapshots: rows.snapshots,
    quarantined: rows.quarantined,
  }
}

/** By ticker; `undefined`, and a fault, when rows do not fit together. */
async function storedBooks(
  client: pg.Client,
  schema: string,
  faults: string[],
): Promise<ReadonlyMap<string, StoredBook> | undefined> {
  try {
    const { books } = await readStoredBooks(client, { schema })
    return new Map(books.map((each) => [each.ticker, each]))
  } catch (error) {
    if (!(error instanceof StoredBookError)) throw error
    faults.push(`in the database, ${error.message}`)
    return undefined
  }
}

async function countRows(client: pg.Client, schema: string, journalId: number) {
  const count = async (table: string, by: 'market' | 'journal') => {
    const from =
      by === 'journal'
        ? `"${schema}".${table} WHERE journal_id = $1`
        : `"${schema}".${table} JOIN "${schema}".rl_markets m USING (market_id) WHERE m.journal_id = $1`
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${from}`, [journalId])
    return Number(rows[0]?.count)
  }
  return {
    deltas: await count('rl_orderbook_deltas', 'market'),
    snapshots: await count('rl_orderbook_snapshots', 'market'),
    tickers: await count('rl_ticker', 'market'),
    quarantined: await count('rl_quarantine', 'journal'),
  }
}

const digest = (ticker: string, levels: Levels): string =>
  createHash('sha256').update(canonicalText(ticker, levels)).digest('hex')

function tellFault(folder: string, fault: Awaited<ReturnType<typeof verifyJournal>>['faults'][number]): string {
  if (fault.kind === 'digest')
    return `segment ${fault.segment} of ${folder} is sealed, and its bytes are not those that were proved then: restore it from a copy`
  if (fault.kind === 'stamp_backward')
    return `a record of segment ${fault.segment} at ${fault.offset} is stamped before the one in front of it`
  return tellReadFault(folder, fault) ?? `segment ${fault.segment} of ${folder}: ${fault.kind}`
}
