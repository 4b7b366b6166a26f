/** What is wrong with a journal's files, in words that say what is lost and what to do. */
import { dirname } from 'node:path'
import { FileDisk, findMissing, type ReadFault, readArchived, type SegmentFault } from '#journal'

/** Faults that are seen from the headers alone; empty for a folder without a journal. */
export async function tellMissing(folder: string): Promise<string[]> {
  const faults = await findMissing(new FileDisk(), folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as SegmentFault[]
    throw error
  })
  return faults.map((fault) => tellSegmentFault(folder, fault))
}

/** What was removed here since an archive has it, in words for each target; empty when nothing was. */
export async function tellRemoved(folder: string): Promise<string[]> {
  const segments = await readArchived(new FileDisk(), folder)
  const targets = Map.groupBy(segments, ({ target }) => target)
  return [...targets].map(([target, each]) => {
    const { segment: first } = each[0]!
    return tellArchived(folder, { kind: 'archived', segment: first, first, last: each.at(-1)!.segment, target })
  })
}

const tellSegmentFault = (folder: string, { kind, segment }: SegmentFault): string => {
  const name = `segment ${segment} of ${folder}`
  switch (kind) {
    case 'unreadable':
      return `${name} cannot be opened (a sealed file without a sound manifest, or an empty one): its records are not shown. Restore it from a copy; \`zstd -d\` unpacks a sealed file.`
    case 'damaged_header':
      return `${name} has a damaged header: its records are read, but it cannot be told whether one before it is missing. Restore it from a copy if there is one.`
    case 'missing_before':
      return `one or more segments before ${name} are missing or come from another copy: their records are lost to readers. Restore them from a copy.`
  }
}

/** Segments that were taken out of the folder on purpose: no fault, and where they are. */
export function tellArchived(
  folder: string,
  { first, last, target }: Extract<ReadFault, { kind: 'archived' }>,
): string {
  const which = first === last ? `segment ${first}` : `segments ${first} to ${last}`
  return `${which} of ${folder} are archived at ${target} and not here: \`kalshiflow restore --archive-to ${target} --data ${dirname(folder)} --segments ${first}-${last}\` brings them back.`
}

/** A fault met while reading; `undefined` for one that is no loss. */
export function tellReadFault(folder: string, fault: ReadFault): string | undefined {
  switch (fault.kind) {
    case 'damage':
      return `bytes ${fault.from} to ${fault.to} of segment ${fault.segment} of ${folder} cannot be read: the records in them are lost, books are believed again from their next proof on. Restore the segment from a copy.`
    case 'unreadable_segment':
      return tellSegmentFault(folder, { kind: 'unreadable', segment: fault.segment })
    case 'bad_header':
      return tellSegmentFault(folder, { kind: 'damaged_header', segment: fault.segment })
    case 'archived':
      return tellArchived(folder, fault)
    case 'broken_chain':
      return tellSegmentFault(folder, { kind: 'missing_before', segment: fault.segment })
    default:
      return undefined
  }
}
