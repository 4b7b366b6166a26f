/** A thread to supervise: does what its data says, and crashes or hangs when it is told to. */
import { workerData } from 'node:worker_threads'
import { serveThread, tellOwner } from '../../src/app/threads/thread-side.ts'

const { number, refuse, dawdle } = workerData as { number: number; refuse?: string; dawdle?: true }

await serveThread(
  async () => {
    if (refuse !== undefined) throw Object.assign(new Error('it will not'), { code: refuse })
    if (dawdle === true) await new Promise(() => {})
    return { answer: { number }, close: async () => tellOwner('closed') }
  },
  (message) => {
    if (message === 'crash') throw new Error('told to crash')
    if (message === 'hang') for (;;);
    tellOwner(message)
  },
)
