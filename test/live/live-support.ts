/** A recorder that can be followed, and a copy of its books: everything real, in this process. */
import { openControl, type RecorderOptions } from '#app'
import type { ExchangeOptions } from '#exchange'
import { followRecorder, Replica, type ReplicaEvent } from '#live'
import { digestOf } from '../support/fold.ts'
import { aLog, record, until } from '../support/recording.ts'

/** What a recorder of {@link recordLive} does without being told otherwise. */
export const JOURNAL: RecorderOptions['journal'] = {
  commitIntervalMs: 5,
  bufferBytes: 64 << 20,
  segmentBytes: 256 << 20,
  segmentMs: 3_600_000,
  seal: false,
  checkpointDeltas: 5_000,
  checkpointMs: 3_600_000,
}

export type Live = Awaited<ReturnType<typeof recordLive>>

/** A recorder with its control socket. */
export async function recordLive(exchange: Omit<ExchangeOptions, 'port'>, options: Parameters<typeof record>[1] = {}) {
  const recording = await record(exchange, options)
  const { recorder, folder } = recording
  const control = await openControl({ dataFolder: folder, recorder, log: aLog().log, onStop: () => {} })
  return {
    ...recording,
    control,
    /** Ends the recorder as a program does: the socket goes after the last record is durable. */
    async stop() {
      await recorder.stop('test stopped it')
      await control.close()
    },
    async close() {
      await recorder.stop('test ended')
      await control.close()
      await recording.close()
    },
  }
}

/** A copy of the books of a data folder, and what it told. */
export async function copyOf(folder: string) {
  const events: ReplicaEvent[] = []
  const replica = await Replica.open({
    folder: `${folder}/journal`,
    recorder: followRecorder(folder),
    onEvent: (event) => void events.push(event),
  })
  return { replica, events }
}

export const digestsOfCopy = (replica: Replica): Record<string, { valid: boolean; sha256: string }> =>
  Object.fromEntries(
    replica.fold
      .markets()
      .map((market) => [
        market.ticker,
        { valid: replica.doubtOf(market) === undefined, sha256: digestOf(market.ticker, market.book.levels()) },
      ]),
  )

/** Until the copy has folded everything that the recorder has taken. */
export async function untilCaughtUp({ recorder }: Pick<Live, 'recorder'>, replica: Replica): Promise<void> {
  await recorder.journal.flush()
  const { durable } = recorder.journal
  await until('the copy has caught up', () => {
    const { segment, offset } = replica.position
    return (
      replica.state === 'live' &&
      (segment > durable.segment || (segment === durable.segment && offset >= durable.offset))
    )
  })
}
