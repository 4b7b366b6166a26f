/**
 * Old days out of the database, once an archive is proved to have every segment that their rows were made from: so that
 * `restore` and `db rebuild` make them again. A day that cannot be proved stays, and so does every later one.
 */
import type pg from 'pg'
import { type ArchiveTarget, listArchive, proveSegment } from '#archive'
import { dayOfMs, dropDay, findDaysBefore, formatDay, segmentsOfDay } from '#store'

export type DropOptions = {
  readonly client: pg.Client
  readonly schema: string
  readonly target: ArchiveTarget
  /** UUID of the data folder's journal. */
  readonly journal: string
  readonly keepDays: number
  readonly nowMs: number
  readonly onDropped?: (day: string, rows: number) => void
}

export type DropResult = { readonly days: number; readonly rows: number; readonly faults: readonly string[] }

export async function dropOldDays(options: DropOptions): Promise<DropResult> {
  const { client, schema, target, journal, keepDays, nowMs, onDropped } = options
  const result = { days: 0, rows: 0 }
  const { rows: cursors } = await client.query<{ journal_id: number; journal: string }>(
    `SELECT journal_id, journal FROM "${schema}".rl_ingest_cursor`,
  )
  const own = cursors.find((each) => each.journal === journal)
  if (own === undefined || cursors.length > 1) {
    const found = `schema '${schema}' holds rows of ${cursors.length} journals`
    const fault =
      own === undefined ? `nothing of journal ${journal} is stored` : `${found}, and a day holds those of all`
    return { ...result, faults: [`no day was dropped: ${fault}`] }
  }
  const there = new Set((await listArchive(target, journal)).get(journal))
  const proved = new Set<number>()
  for (const day of await findDaysBefore(client, schema, dayOfMs(nowMs) - keepDays)) {
    const name = formatDay(day)
    const segments = await segmentsOfDay(client, schema, day)
    const missing = segments.filter((each) => !there.has(each))
    if (missing.length > 0)
      return { ...result, faults: [`day ${name} stays: segments ${missing.slice(0, 10).join(', ')} are not archived`] }
    try {
      for (const each of segments) {
        if (!proved.has(each)) await proveSegment(target, journal, each)
        proved.add(each)
      }
    } catch (error) {
      return { ...result, faults: [`day ${name} stays: ${(error as Error).message}`] }
    }
    const rows = await dropDay(client, schema, { day, journalId: own.journal_id, segments, target: target.name })
    if (rows === 'changed') return { ...result, faults: [`day ${name} stays: rows came while it was proved`] }
    result.days++
    result.rows += rows
    onDropped?.(name, rows)
  }
  return { ...result, faults: [] }
}
