/**
 * Starts the built-in exchange in a worker thread and hands over what a recorder needs to connect to it.
 *
 * It restarts nothing. Whoever does gives the port and the key of the thread that ended, so that a recorder that knows
 * them may go on.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ExchangeOptions } from '#exchange'

/** What can cross to another thread: all of the exchange's options can. */
export type ExchangeThreadOptions = ExchangeOptions

export type ExchangeThread = {
  /** Where it listens; to be given again to one that takes its place. */
  readonly port: number
  readonly url: string
  readonly restUrl: string
  readonly keyPem: string
  /** The markets that could be traded when it began to listen. */
  readonly tickers: readonly string[]
  /** Resolves when the thread ended without being told to. */
  readonly failed: Promise<Error>
  close(): Promise<void>
}

const CLOSE_MS_MAX = 1_000

/** Rejects with what the exchange found wrong. */
export async function startExchangeThread(options: ExchangeThreadOptions): Promise<ExchangeThread> {
  const isSource = import.meta.url.endsWith('.ts')
  const worker = new Worker(new URL(isSource ? './exchange-worker.ts' : './exchange-worker.js', import.meta.url), {
    workerData: options,
    ...(isSource ? { execArgv: ['--conditions=source'] } : {}),
  })
  let isClosing = false
  const failed = new Promise<Error>((resolve) => {
    worker.once('error', resolve)
    worker.once('exit', (code) => {
      if (!isClosing) resolve(new Error(`the exchange's thread ended by itself with code ${code}`))
    })
  })
  const [told] = (await Promise.race([
    once(worker, 'message'),
    failed.then((error) => {
      throw error
    }),
  ])) as [Pick<ExchangeThread, 'port' | 'url' | 'restUrl' | 'keyPem' | 'tickers'>]
  return {
    ...told,
    failed,
    async close() {
      isClosing = true
      const exited = once(worker, 'exit')
      worker.postMessage('close')
      const overdue = setTimeout(() => void worker.terminate(), CLOSE_MS_MAX)
      await exited
      clearTimeout(overdue)
    },
  }
}
