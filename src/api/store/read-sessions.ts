/** Runs of the recorder from the database. */
import type { StoreReader } from './store-reader.ts'

export type StoredSession = {
  readonly session: string
  readonly version: string
  readonly started_segment: number
  readonly started_offset: string
  readonly started_ns: string
  readonly stopped_ns: string | null
  readonly reason: string | null
  readonly counts: Readonly<Record<string, number>> | null
}

export type SessionQuery = {
  readonly journal: string
  readonly before: readonly [segment: number, offset: number] | undefined
  readonly limit: number
}

/** Newest first; `undefined` when the database cannot be asked. */
export async function readSessions(store: StoreReader, query: SessionQuery): Promise<StoredSession[] | undefined> {
  const [segment, offset] = query.before ?? [2 ** 31 - 1, 0]
  return await store.ask<StoredSession>(
    `SELECT s.session, s.version, s.started_segment, s.started_offset, s.started_ns, s.stopped_ns, s.reason, s.counts
     FROM ${store.schema}.rl_sessions s JOIN ${store.schema}.rl_ingest_cursor c USING (journal_id)
     WHERE c.journal = $1::uuid AND (s.started_segment, s.started_offset) < ($2::integer, $3::bigint)
     ORDER BY s.started_segment DESC, s.started_offset DESC LIMIT $4`,
    [query.journal, segment, offset, query.limit],
  )
}
