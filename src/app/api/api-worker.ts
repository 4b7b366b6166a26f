/** The API's thread: serves until its owner ends it. Started by {@link ApiThread}. */
import { workerData } from 'node:worker_threads'
import { startApi } from '#api'
import { serveThread, tellOwner } from '../threads/thread-side.ts'
import type { ApiThreadOptions } from './api-thread.ts'

await serveThread(async () => {
  const api = await startApi({ ...(workerData as ApiThreadOptions), onEvent: tellOwner })
  return { answer: { url: api.url }, close: () => api.close() }
})
