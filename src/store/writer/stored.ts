/** What the database says of a journal at its watermark. Plain data. */
import type { Environment, Position } from '#domain'
import type { StoredState } from '../rows/stored-state.ts'
import { StoreError } from './errors.ts'

/** Which journal a folder holds. */
export type JournalIdentity = { readonly journal: string; readonly environment: Environment }

export type Watermark = {
  readonly position: Position
  /** The id of the segment that it stands in; `undefined` before the first batch. */
  readonly segmentId: string | undefined
}

export type Stored = { readonly watermark: Watermark; readonly state: StoredState }

/** Throws FLOW_STORE_OTHER_JOURNAL where the schema holds another journal and not this one, unless several are wanted. */
export function checkOtherJournals(
  schema: string,
  { journal, environment }: JournalIdentity,
  stored: readonly { readonly journal: string; readonly environment: string }[],
  severalJournals: boolean,
): void {
  const other = stored.find((each) => each.journal !== journal)
  if (other === undefined || severalJournals || stored.some((each) => each.journal === journal)) return
  throw new StoreError(
    'FLOW_STORE_OTHER_JOURNAL',
    `The schema '${schema}' holds the rows of journal ${other.journal} (${other.environment}), and this one is ${journal} (${environment}). Name another schema, point --data at the journal it was made from, or empty it with \`kalshiflow db rebuild\`.`,
    { schema, found: other.journal, needed: journal },
  )
}
