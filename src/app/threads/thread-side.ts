/** The worker's side of a supervised thread: it beats, starts what it is for, and ends it when it is told to. */
import { parentPort } from 'node:worker_threads'
import type { FromWorker } from './supervised-thread.ts'

const BEAT_MS = 500

export type Served = { readonly answer: unknown; close(): Promise<void> }

/** Tells the owner of the thread something. */
export const tellOwner = (event: unknown): void => say({ kind: 'told', event })

/**
 * Starts `open` and serves until the owner says `close`. An error with a code of ours is told as the reason for not starting;
 * any other ends the thread as a crash.
 */
export async function serveThread(open: () => Promise<Served>, onMessage?: (message: unknown) => void): Promise<void> {
  say({ kind: 'beat' })
  const beating = setInterval(() => say({ kind: 'beat' }), BEAT_MS)
  const opening = open()
  parentPort?.on('message', async (message: unknown) => {
    if (message !== 'close') return onMessage?.(message)
    clearInterval(beating)
    // One that cannot start has nothing to close.
    await opening.then((served) => served.close()).catch(() => {})
    process.exit(0)
  })
  try {
    const { answer } = await opening
    say({ kind: 'ready', answer })
  } catch (error) {
    const { code = 'UNKNOWN', message } = error as Error & { code?: string }
    clearInterval(beating)
    if (!code.startsWith('FLOW_')) throw error
    say({ kind: 'refused', code, message })
    parentPort?.close()
  }
}

function say(message: FromWorker): void {
  parentPort?.postMessage(message)
}
