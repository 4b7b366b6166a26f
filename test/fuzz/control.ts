/**
 * Bytes of anybody's making on the control socket of a real recorder. Held: each line is answered or its connection
 * closed, the recorder goes on, and a plain question is answered after.
 */
import { connect } from 'node:net'
import { askRecorder } from '#app'
import type { SeededRandom } from '#journal'
import { SOCKET_NAME } from '#live'
import { type FuzzTarget, must } from './fuzz-target.ts'
import { serveForFuzz } from './fuzzed-service.ts'
import { mutateBytes, mutateJson, oneOf } from './mutate.ts'

const ANSWER_MS_MAX = 20_000
const ALIVE_EVERY = 100
/** Not `stop`, which does as it is told: the test's own recorder only counts it. */
const REQUESTS: readonly Record<string, unknown>[] = [
  { id: 1, ask: 'status' },
  { id: 2, ask: 'books' },
  { id: 3, ask: 'books', markets: ['KXDEMO-RAIN-MON', 'KXNOPE'] },
  { id: 4, ask: 'resync', markets: ['KXDEMO-RAIN-MON'] },
  { id: 5, ask: 'flush' },
  { id: 6, ask: 'resume' },
  { id: 7, ask: 'pause', by: 'fuzz' },
  { id: 8, ask: 'follow' },
  { id: 9, ask: 'stop' },
  { id: 10, ask: 'nothing' },
]

export const control: FuzzTarget = {
  name: 'control',
  caseMsMax: 30_000,
  together: 8,
  async open() {
    const service = await serveForFuzz()
    const path = `${service.folder}/${SOCKET_NAME}`
    let cases = 0
    let last: Uint8Array = Buffer.alloc(0)
    const expectAlive = async () => {
      await askRecorder(service.folder, { ask: 'resume' })
      const { journal } = await askRecorder(service.folder, { ask: 'status' })
      must(journal.failed === null, `the recorder failed: ${journal.failed}`)
    }
    return {
      async run(random) {
        last = linesOf(random)
        if (++cases % ALIVE_EVERY === 0) await expectAlive()
        return await send(path, Buffer.from(last))
      },
      lastInput: () => last,
      async close() {
        await expectAlive()
        await service.close()
      },
    }
  },
}

function linesOf(random: SeededRandom): Buffer {
  const lines = Array.from({ length: 1 + random.below(3) }, () => {
    const request = oneOf(random, REQUESTS)
    return `${JSON.stringify(random.below(3) === 0 ? request : mutateJson(random, request)) ?? ''}\n`
  })
  const bytes = Buffer.from(lines.join(''))
  return random.below(2) === 0 ? bytes : mutateBytes(random, bytes)
}

/** Ends our half when all is said, and waits for the answers and the end. */
function send(path: string, bytes: Buffer): Promise<string> {
  return new Promise((done, fail) => {
    let length = 0
    const socket = connect(path, () => socket.end(bytes))
    const overdue = setTimeout(() => {
      socket.destroy()
      fail(new Error(`no end within ${ANSWER_MS_MAX} ms: ${JSON.stringify(bytes.toString('latin1').slice(0, 300))}`))
    }, ANSWER_MS_MAX)
    const finish = (word: string) => {
      clearTimeout(overdue)
      done(word)
    }
    socket.on('data', (chunk) => {
      length += chunk.length
    })
    socket.on('error', () => finish('reset'))
    socket.on('close', () => finish(length > 0 ? 'answered' : 'closed'))
  })
}
