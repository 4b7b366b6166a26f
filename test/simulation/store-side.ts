/**
 * The store beside the recorder: the product's own writer over the same disk, into a database in memory that is slow, away,
 * cuts connections and loses answers. Its thread may crash alone, and now and then a second writer works on the same rows.
 */
import type { Position } from '#domain'
import type { MemoryDisk, SeededRandom } from '#journal'
import { MemoryStore, type StoreFault, type StoreOperation, StoreWriter } from '#store'
import { DurableMark } from '../../src/store/writer/durable-mark.ts'
import { ReaderDisk } from './reader-disk.ts'
import { FOLDER } from './recorder.ts'
import type { Actor, VirtualTime } from './virtual-time.ts'

export type StoreWeather = {
  /** Of each operation: the connection is cut, before or after it was done; it is refused; it is never answered. */
  readonly cut: number
  readonly cutAfter: number
  readonly refuse: number
  readonly hang: number
  /** Of each COMMIT whose connection is cut before: the server carries it out later all the same. */
  readonly late: number
  readonly slowMs: number
  /** Per second: the database goes away for a while; the thread crashes; a second writer comes or goes. */
  readonly awayPerSecond: number
  readonly crashPerSecond: number
  readonly secondPerSecond: number
  readonly readFails: number
}

export const CALM_STORE: StoreWeather = {
  cut: 0,
  cutAfter: 0,
  refuse: 0,
  hang: 0,
  late: 0,
  slowMs: 1,
  awayPerSecond: 0,
  crashPerSecond: 0,
  secondPerSecond: 0,
  readFails: 0,
}

export function drawStoreWeather(random: SeededRandom): StoreWeather {
  const some = (most: number) => (random.unit() < 0.4 ? 0 : random.unit() ** 2 * most)
  return {
    cut: some(0.05),
    cutAfter: some(0.05),
    refuse: some(0.05),
    hang: some(0.01),
    late: random.unit(),
    slowMs: 1 + some(300),
    awayPerSecond: some(0.1),
    crashPerSecond: some(0.1),
    secondPerSecond: some(0.1),
    readFails: some(0.03),
  }
}

export type StoreSideOptions = {
  readonly time: VirtualTime
  readonly disk: MemoryDisk
  readonly random: SeededRandom
  readonly inject: (fault: string) => void
  readonly trace: (line: () => string) => void
  /** The writer must not go on. */
  readonly refused: (error: Error) => void
}

type Thread = { readonly actor: Actor; readonly writer: StoreWriter; readonly letGo: () => void }

const LATE_MS_MAX = 3_000
const AWAY_MS_MAX = 15_000

export class StoreSide {
  weather: StoreWeather = CALM_STORE
  readonly store: MemoryStore
  readonly #options: StoreSideOptions
  readonly #disk: ReaderDisk
  /** Never dies: what it was asked to do it does, whoever asked. */
  readonly #server: Actor
  /** As the recorder tells it to the thread. */
  #mark = new DurableMark()
  readonly #shape: { readonly batchRows: number; readonly flushIntervalMs: number; readonly rowsMax: number }
  #first: Thread | undefined
  #second: Thread | undefined
  #awayUntilMs = 0

  constructor(options: StoreSideOptions) {
    this.#options = options
    const { random, time, disk } = options
    this.#shape = {
      batchRows: 1 + random.below(100),
      flushIntervalMs: 50 + random.below(1_000),
      rowsMax: 1 + random.below(300),
    }
    this.#disk = new ReaderDisk(disk, () => {
      if (random.unit() >= this.weather.readFails) return undefined
      options.inject('store_read_failed')
      return 'EIO'
    })
    this.#server = time.actor()
    this.store = new MemoryStore({
      fault: (operation) => this.#fault(operation),
      late: () => this.#server.time.sleep(random.unit() * LATE_MS_MAX),
    })
  }

  /** As the database has it. */
  get watermark(): Position {
    const [cursor] = this.store.rows('rl_ingest_cursor')
    return { segment: Number(cursor?.['segment'] ?? 0), offset: Number(cursor?.['offset'] ?? 0) }
  }

  get writer(): StoreWriter | undefined {
    return this.#first?.writer
  }

  /** A run of the recorder begins, and its store with it. */
  start(): void {
    this.kill()
    this.#mark = new DurableMark()
    this.#first = this.#startThread()
  }

  durable(position: { readonly segment: number; readonly offset: number }): void {
    this.#mark.set(position)
  }

  kill(): void {
    this.#end(this.#first)
    this.#end(this.#second)
    this.#first = undefined
    this.#second = undefined
  }

  /** What happens to it, once a second. */
  happen(): void {
    const { random, inject, time } = this.#options
    const { awayPerSecond, crashPerSecond, secondPerSecond } = this.weather
    if (random.unit() < awayPerSecond) {
      inject('database_away')
      this.#awayUntilMs = time.nowMs + random.unit() * AWAY_MS_MAX
    }
    if (random.unit() < crashPerSecond && this.#first !== undefined) {
      inject('store_crashed')
      this.#end(this.#first)
      this.#first = this.#startThread()
    }
    if (random.unit() >= secondPerSecond || this.#first === undefined) return
    inject('second_store')
    if (this.#second === undefined) this.#second = this.#startThread()
    else this.#second = this.#end(this.#second)
  }

  /** The faults stop: one writer, and a database that answers. */
  heal(): void {
    this.weather = CALM_STORE
    this.#awayUntilMs = 0
    this.#second = this.#end(this.#second)
  }

  #startThread(): Thread {
    const { time, trace, refused } = this.#options
    const actor = time.actor()
    const connections = new Set<{ dispose(): void }>()
    const mark = this.#mark
    const writer = new StoreWriter({
      journalFolder: FOLDER,
      database: {
        connect: async () => {
          const connection = await this.store.connect()
          if (actor.isDead) connection.dispose()
          connections.add(connection)
          return connection
        },
      },
      durable: () => mark.position,
      disk: this.#disk,
      time: actor.time,
      backoffMsMax: 2_000,
      limits: { lockMs: 2_000, statementMs: 2_000, idleMs: 2_000 },
      onEvent: (event) =>
        trace(
          () =>
            `store ${event.kind} ${JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
        ),
      ...this.#shape,
    })
    writer.run().catch((error: Error) => {
      if (!actor.isDead) refused(error)
    })
    const letGo = () => {
      for (const each of connections) each.dispose()
    }
    return { actor, writer, letGo }
  }

  /** Nothing of a dead thread goes on; the server sees its connections end. */
  #end(thread: Thread | undefined): undefined {
    if (thread === undefined) return undefined
    this.#options.time.kill(thread.actor)
    thread.letGo()
    return undefined
  }

  async #fault(operation: StoreOperation): Promise<StoreFault | undefined> {
    const { random, inject, time } = this.#options
    const { cut, cutAfter, refuse, hang, late, slowMs } = this.weather
    if (slowMs > 1) await this.#server.time.sleep(random.unit() * slowMs)
    if (time.nowMs < this.#awayUntilMs) return 'cut'
    const mood = random.unit()
    const told = (fault: StoreFault): StoreFault => {
      inject(`database_${fault}`)
      return fault
    }
    if (mood < cut) return told(operation === 'commit' && random.unit() < late ? 'late' : 'cut')
    if (mood < cut + cutAfter) return told('cut_after')
    if (mood < cut + cutAfter + refuse) return told('refused')
    if (mood < cut + cutAfter + refuse + hang) return told('hang')
    return undefined
  }
}
