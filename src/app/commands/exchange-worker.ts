/**
 * The built-in exchange in a thread of its own, so that it and the recorder do not take turns in one event loop. Started
 * by {@link startExchangeThread}; says where it listens, then runs until it is told to end.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { startExchange } from '#exchange'
import type { ExchangeThreadOptions } from './exchange-thread.ts'

const exchange = await startExchange(workerData as ExchangeThreadOptions)
const { port, url, restUrl, keyPem, tickers } = exchange
parentPort?.postMessage({ port, url, restUrl, keyPem, tickers })
parentPort?.once('message', async () => {
  await exchange.close()
  process.exit(0)
})
