/** The built-in exchange's thread: plays until its owner ends it. Started by {@link BuiltInExchange}. */
import { workerData } from 'node:worker_threads'
import { type ExchangeOptions, startExchange } from '#exchange'
import { serveThread } from '../threads/thread-side.ts'
import type { ExchangeAddress } from './built-in-exchange.ts'

await serveThread(async () => {
  const exchange = await startExchange(workerData as ExchangeOptions)
  const { url, restUrl, keyPem, port, tickers } = exchange
  return { answer: { url, restUrl, keyPem, port, tickers } satisfies ExchangeAddress, close: () => exchange.close() }
})
