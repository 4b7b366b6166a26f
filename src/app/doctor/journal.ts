/** The journal's files: segments that are missing or damaged, by their headers, and the last one read to its end. */
import { FileDisk, listSegments, openCursor, type ReadFault } from '#journal'
import { tellMissing, tellReadFault } from '../reading/journal-faults.ts'
import { isRecording } from '../recorder/data-lock.ts'
import { bad, type Check, good, skipped } from './check.ts'

const SHOWN_MAX = 5

export const journal: Check = {
  name: 'journal',
  limitMs: 60_000,
  async look({ dataFolder }, signal) {
    const folder = `${dataFolder}/journal`
    const segments = await listSegments(new FileDisk(), folder).catch(() => [])
    if (segments.length === 0) return skipped('there is no journal yet')
    const faults: ReadFault[] = []
    const last = segments.at(-1)!.number
    const from = { segment: last, offset: 0 }
    const cursor = openCursor({ disk: new FileDisk(), folder, from, signal, onFault: (fault) => faults.push(fault) })
    let blocks = 0
    for await (const _ of cursor) blocks += 1
    const missing = await tellMissing(folder)
    const told = [...missing, ...faults.flatMap((fault) => tellReadFault(folder, fault) ?? [])]
    const torn = faults.find(({ kind }) => kind === 'torn_tail')
    const tail =
      torn === undefined || isRecording(dataFolder)
        ? ''
        : '; its end was torn by a crash, and the next start cuts what was never durable'
    const sealed = segments.filter(({ form }) => form === 'sealed').length
    const found = `${segments.length} segments, ${sealed} sealed; ${blocks} blocks of the last one are sound${tail}`
    const figures = { segments: segments.length, sealed, faults: told.length, torn_tail: torn !== undefined }
    if (told.length === 0) return good(found, figures)
    return bad({
      found: told.slice(0, SHOWN_MAX).join('\n'),
      needed: 'segments that follow one another and read',
      remedy: 'Restore what is named from a copy; `kalshiflow verify` reads everything and names every fault.',
      figures,
    })
  },
}
