/**
 * The store beside the latency bench's recorder: the writer in a thread of the recorder's process, as the program has it and
 * with the program's own batches, asked every so often how far behind it is.
 */
import type { Recorder } from '#app'
import { type StoreWorkerOptions, startStoreWorker } from '#store'

export type StoreBeside = {
  readonly rows: number
  readonly transactions: number
  /** Age of the oldest thing that was not in the database, at its worst while frames came in. */
  readonly behindMsMax: number
  /** Ms from the last frame to the last commit. */
  readonly drainMs: number
  readonly isComplete: boolean
}

const LOOK_MS = 50
const DRAIN_MS_MAX = 60_000

/** Starts the store. Answers what begins the watch and what ends both. */
export function storeBeside(recorder: Recorder, journalFolder: string, database: StoreWorkerOptions['database']) {
  const worker = startStoreWorker({ journalFolder, database })
  worker.durable(recorder.journal.durable)
  recorder.onDurable((position) => worker.durable(position))
  let behindMsMax = 0
  let timer: NodeJS.Timeout | undefined
  return {
    /** Waits for what is there already, migrations and partitions included, so that only the steady state is watched. */
    async watch(): Promise<void> {
      const { isComplete } = await worker.drain(DRAIN_MS_MAX)
      if (!isComplete) throw new Error(`the store does not write: ${JSON.stringify(worker.status())}`)
      timer = setInterval(() => {
        behindMsMax = Math.max(behindMsMax, worker.status().behindMs)
      }, LOOK_MS)
    },
    /** Call it when everything is durable. */
    async end(): Promise<StoreBeside> {
      clearInterval(timer)
      const startedMs = performance.now()
      const { isComplete } = await worker.drain(DRAIN_MS_MAX)
      const drainMs = performance.now() - startedMs
      const { rows, transactions } = worker.status()
      await worker.stop()
      return { rows, transactions, behindMsMax, drainMs, isComplete }
    },
  }
}
