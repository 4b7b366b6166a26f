/** A ledger of a story’s journal, in ms since the story began. */
import { FileDisk, type JournalBlock, losesRecords, openCursor } from '#journal'
import { type Hole, Ledger } from '#ledger'
import { foldRecord } from '#live'
import { openStory, type Story } from '../store/writer-story.ts'

export const MS = 1_000_000
export const START_MS = 1_786_100_000_000

export async function ledgerOf(journal: string): Promise<Ledger<JournalBlock>> {
  const ledger = new Ledger<JournalBlock>(foldRecord)
  const onFault = (fault: Parameters<typeof losesRecords>[0]) => {
    if (losesRecords(fault)) ledger.damaged()
  }
  for await (const block of openCursor({ disk: new FileDisk(), folder: journal, onFault })) {
    while (block.next()) ledger.take(block)
  }
  return ledger
}

/** The ledger after a run that connected at 0 ms, saw a delta at 10 ms, and went on at 20 ms as told. */
export async function tell(
  happen: (story: Story) => void | Promise<void>,
  startNs?: bigint,
): Promise<Ledger<JournalBlock>> {
  const story = await openStory(startNs === undefined ? {} : { startNs })
  try {
    await story.run()
    story.connect()
    story.pass(10 * MS)
    story.delta('KXA-1', '0.4000', '1.00', { ms: 1 })
    story.pass(10 * MS)
    await happen(story)
    await story.end()
    return await ledgerOf(story.journal)
  } finally {
    story.remove()
  }
}

/** `cause from–to [markets] closed by`. */
export const lineOf = ({ cause, fromMs, toMs, markets, closedBy }: Hole, startMs = START_MS): string =>
  `${cause} ${Math.round(fromMs - startMs)}-${toMs === undefined ? '' : Math.round(toMs - startMs)} ` +
  `${markets.map(({ market }) => market.slice(2, 3)).join('')} ${closedBy ?? 'open'}`

export const lines = (ledger: Ledger<JournalBlock>, startMs = START_MS): string[] =>
  ledger.holes().map((each) => lineOf(each, startMs))
