/**
 * What this data folder knows of its archives: which segments were proved in which target, and when that worked last. Kept
 * in `archive.json` so that a restart goes on where it was. Only a memory: before anything is removed the target is asked.
 */
import { FileDisk, readSmallFile, replaceSmallFile } from '#journal'

const FORMAT = 'kalshiflow-archive-state-1'
const NAME = 'archive.json'

export type TargetState = {
  /** UUID of the journal. */
  readonly journal: string
  readonly proved: readonly number[]
  /** RFC 3339: when everything that could be archived last was; `null` before. */
  readonly lastSuccess: string | null
}

type State = { readonly format: typeof FORMAT; readonly targets: Readonly<Record<string, TargetState>> }

/** `undefined` when nothing is known of the target. A file that is none of ours counts as none: all is proved anew. */
export async function readState(dataFolder: string, target: string): Promise<TargetState | undefined> {
  return (await readAll(dataFolder)).targets[target]
}

export async function writeState(dataFolder: string, target: string, state: TargetState): Promise<void> {
  const { targets } = await readAll(dataFolder)
  const text = JSON.stringify({ format: FORMAT, targets: { ...targets, [target]: state } } satisfies State)
  await replaceSmallFile(new FileDisk(), dataFolder, NAME, Buffer.from(`${text}\n`))
}

async function readAll(dataFolder: string): Promise<State> {
  const bytes = await readSmallFile(new FileDisk(), `${dataFolder}/${NAME}`)
  try {
    const state = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as State
    if (state.format === FORMAT && typeof state.targets === 'object') return state
  } catch {
    // None, or none of ours.
  }
  return { format: FORMAT, targets: {} }
}
