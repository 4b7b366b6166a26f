/**
 * The service's copy of the books beside the recorder: the product's own `Replica` over the same disk, told of the durable
 * position as its followers are. It lives with the process that records, or in one of its own, and may be started anew.
 */
import type { MemoryDisk, SeededRandom } from '#journal'
import { Replica } from '#live'
import { ReaderDisk } from './reader-disk.ts'
import { FOLDER, type RecorderLife } from './recorder.ts'
import { type Now, ViewLink } from './view-link.ts'
import type { Actor, VirtualTime } from './virtual-time.ts'

export type ViewWeather = {
  /** Per second. */
  readonly cutPerSecond: number
  readonly restartPerSecond: number
  /** Of each look at the disk. */
  readonly readFails: number
}

export const CALM_VIEW: ViewWeather = { cutPerSecond: 0, restartPerSecond: 0, readFails: 0 }

export function drawViewWeather(random: SeededRandom): ViewWeather {
  const some = (most: number) => (random.unit() < 0.5 ? 0 : random.unit() ** 2 * most)
  return { cutPerSecond: some(0.2), restartPerSecond: some(0.05), readFails: some(0.05) }
}

export type ViewSideOptions = {
  readonly time: VirtualTime
  readonly disk: MemoryDisk
  readonly random: SeededRandom
  readonly now: Now
  readonly inject: (fault: string) => void
  readonly trace: (line: () => string) => void
}

export class ViewSide {
  weather: ViewWeather = CALM_VIEW
  /** `undefined` until it has opened. */
  replica: Replica | undefined
  readonly #options: ViewSideOptions
  readonly #disk: ReaderDisk
  #actor: Actor | undefined
  #link: ViewLink | undefined

  constructor(options: ViewSideOptions) {
    this.#options = options
    const { random, inject } = options
    this.#disk = new ReaderDisk(options.disk, () => {
      if (random.unit() >= this.weather.readFails) return undefined
      inject('view_read_failed')
      return 'EIO'
    })
  }

  start(): void {
    this.kill()
    const { time, random, now, trace } = this.#options
    const actor = time.actor()
    this.#actor = actor
    this.#link = new ViewLink({ time, actor, random, now })
    const onEvent = (event: { readonly kind: string; readonly error?: Error }) =>
      trace(() => `view ${event.kind} ${JSON.stringify({ ...event, error: event.error?.message })}`)
    const { time: own } = actor
    void Replica.open({ folder: FOLDER, recorder: this.#link, disk: this.#disk, time: own, onEvent }).then(
      (replica) => {
        if (this.#actor === actor) this.replica = replica
      },
    )
  }

  kill(): void {
    if (this.#actor !== undefined) this.#options.time.kill(this.#actor)
    this.#actor = undefined
    this.#link = undefined
    this.replica = undefined
  }

  durableMoved(life: RecorderLife): void {
    this.#link?.durableMoved(life)
  }

  /** The recorder's end of the stream is gone. */
  recorderEnded(): void {
    this.#link?.cut()
  }

  /** What happens to it, once a second. */
  happen(): void {
    const { random, inject } = this.#options
    if (random.unit() < this.weather.restartPerSecond) {
      inject('view_restarted')
      this.start()
    }
    if (random.unit() < this.weather.cutPerSecond) {
      inject('view_cut')
      this.#link?.cut()
    }
  }
}
