/** The API's thread: serves until its owner ends it. Started by {@link ApiThread}. */
import { workerData } from 'node:worker_threads'
import { apiBounds, startApi } from '#api'
import { serveThread, tellOwner } from '../threads/thread-side.ts'
import type { ApiAnswer, ApiThreadOptions } from './api-thread.ts'

await serveThread(async () => {
  const api = await startApi({ ...(workerData as ApiThreadOptions), onEvent: tellOwner })
  const answer: ApiAnswer = { url: api.url, bounds: apiBounds() }
  return { answer, close: () => api.close() }
})
