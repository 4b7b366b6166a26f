/**
 * The store's thread: runs a writer and tells its owner how it is. Started by {@link startStoreWorker}; ends when it is told
 * to, or when the writer must not go on.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { DurableMark } from './durable-mark.ts'
import { StoreError } from './errors.ts'
import type { FromThread, StoreThreadData, ToThread } from './store-thread.ts'
import { StoreWriter } from './store-writer.ts'

const STATUS_MS = 100

const { options, durable } = workerData as StoreThreadData
const mark = new DurableMark(durable)
const tell = (message: FromThread) => parentPort?.postMessage(message)
const writer = new StoreWriter({
  ...options,
  durable: () => mark.position,
  onEvent: (event) => tell({ kind: 'event', event }),
})

const telling = setInterval(() => tell({ kind: 'status', status: writer.status }), STATUS_MS)

parentPort?.on('message', async (message: ToThread) => {
  if (message.kind === 'drain') {
    const result = await writer.drain(message.deadlineMs)
    tell({ kind: 'status', status: writer.status })
    tell({ kind: 'drained', result })
    return
  }
  await writer.stop()
  process.exit(0)
})

try {
  await writer.run()
} catch (error) {
  const { code = 'UNKNOWN' } = error as { code?: string }
  // Whoever must not go on says why in a code of ours; anything else is a crash, and the owner starts anew.
  if (!code.startsWith('FLOW_')) throw error
  const fields = error instanceof StoreError ? error.fields : {}
  tell({ kind: 'refused', code, message: (error as Error).message, fields })
} finally {
  clearInterval(telling)
}
parentPort?.close()
