/** The thread that sealer.ts starts: looks, seals what it finds, tells, and waits. Holds no state that matters. */
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { FileDisk } from './disk-files.ts'
import { codeOf } from './errors.ts'
import { pause } from './retry.ts'
import type { SealerMessage, SealerSettings } from './sealer.ts'
import { sealableSegments, sealSegment } from './sealing.ts'

const { folder, everyMs, share } = workerData as SealerSettings
const disk = new FileDisk()

// On Linux priority belongs to a thread, and 0 means the calling one. Elsewhere it would slow the recorder itself.
if (process.platform === 'linux') setPriority(0, 19)

let busySinceMs = performance.now()

/** Rests in proportion to the work since the last rest. */
async function breathe(): Promise<void> {
  const workedMs = performance.now() - busySinceMs
  await pause(workedMs * (1 / share - 1))
  busySinceMs = performance.now()
}

async function look(): Promise<void> {
  let segments: number[] = []
  try {
    segments = await sealableSegments(disk, folder)
  } catch (error) {
    tell({ kind: 'failed', segment: 0, code: codeOf(error), message: String(error) })
  }
  for (const segment of segments) {
    busySinceMs = performance.now()
    try {
      tell({ kind: 'sealed', manifest: await sealSegment({ disk, folder, breathe }, segment) })
    } catch (error) {
      tell({
        kind: 'failed',
        segment,
        code: codeOf(error),
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }
  tell({ kind: 'looked' })
}

const tell = (message: SealerMessage): void => parentPort?.postMessage(message)

let looking = Promise.resolve()
const lookInTurn = (): void => {
  looking = looking.then(look)
}

parentPort?.on('message', lookInTurn)
setInterval(lookInTurn, everyMs)
lookInTurn()
