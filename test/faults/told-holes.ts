/** What `kalshiflow gaps` tells of a recording: the program's own account, beside the one that the tests keep. */
import { run } from '../support/program.ts'

export type ToldHole = {
  readonly cause: string
  readonly blame: string
  readonly seconds: number | null
  readonly closed_by: string | null
}

export async function toldHoles(data: string): Promise<readonly ToldHole[]> {
  const { out, err } = await run(['gaps', '--data', data, '--json']).ended
  if (!out.startsWith('{')) throw new Error(`gaps told nothing: ${err}`)
  return (JSON.parse(out) as { holes: readonly ToldHole[] }).holes
}

/** How many of each cause; the end of the run itself is left out. */
export async function countHoles(data: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { cause } of await toldHoles(data))
    if (cause !== 'recording_stopped') counts[cause] = (counts[cause] ?? 0) + 1
  return counts
}
