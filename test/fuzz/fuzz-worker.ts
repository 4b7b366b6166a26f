/** The thread in which cases run: one that never ends can be seen from outside, named and stopped. */
import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './fuzz-loop.ts'
import { TARGETS } from './targets.ts'

const { name, seed, casesMax, forMs, at } = workerData as {
  name: string
  seed: number
  casesMax: number
  forMs: number
  /** Seed, number and count of the case at hand. */
  at: Int32Array
}
const target = TARGETS.find((each) => each.name === name)!
const onCase = (chapter: number, number: number) => {
  Atomics.store(at, 0, chapter)
  Atomics.store(at, 1, number)
  Atomics.add(at, 2, 1)
}
parentPort!.postMessage(await fuzz(target, { seed, casesMax, forMs, onCase }))
process.exit(0)
