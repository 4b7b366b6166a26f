/**
 * Everything beside the recorder in one world: the store with its database, the service's copy of the books, what is known
 * of the truth, and the checkers that hold the three together. It has a chance of its own, so that the recorder's world of
 * a seed is the same with it and without.
 */
import { comparePositions, formatPosition } from '#domain'
import { type MemoryDisk, SeededRandom } from '#journal'
import { HoleChecker } from './check-holes.ts'
import { RowChecker } from './check-rows.ts'
import { ValidityChecker } from './check-validity.ts'
import { ViewChecker } from './check-view.ts'
import type { ExchangeConnection, Sent, SimulatedExchange } from './exchange.ts'
import { Holes } from './holes.ts'
import type { Verdicts } from './invariants.ts'
import { textOf } from './plain-book.ts'
import type { RecorderLife } from './recorder.ts'
import { drawStoreWeather, StoreSide } from './store-side.ts'
import { Truth } from './truth.ts'
import { drawViewWeather, ViewSide } from './view-side.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The bound of S11. */
export const CAUGHT_UP_MS_MAX = 30_000
const LOOK_MS = 250
/** How long a stop waits for the store. */
const DRAIN_MS = 2_000

export type ReadersOptions = {
  readonly time: VirtualTime
  readonly disk: MemoryDisk
  readonly seed: number
  readonly exchange: SimulatedExchange
  readonly verdicts: Verdicts
  readonly inject: (fault: string) => void
  readonly trace: (line: () => string) => void
}

export class Readers {
  readonly truth: Truth
  readonly holes = new Holes()
  readonly #options: ReadersOptions
  readonly #random: SeededRandom
  readonly #store: StoreSide
  readonly #view: ViewSide
  /** The copy is in a process of its own, and outlives the recorder's. */
  readonly #isServedApart: boolean
  readonly #views: ViewChecker
  readonly #rows: RowChecker
  readonly #validity: ValidityChecker
  readonly #gaps: HoleChecker
  #now: { readonly life: RecorderLife; readonly session: string } | undefined

  constructor(options: ReadersOptions) {
    this.#options = options
    const { time, disk, inject, trace, verdicts, exchange, seed } = options
    this.#random = new SeededRandom(seed * 1_597_334_677 + 1)
    const random = this.#random
    this.#isServedApart = random.unit() < 0.5
    this.truth = new Truth(exchange)
    this.#store = new StoreSide({
      time,
      disk,
      random,
      inject,
      trace,
      refused: (error) => verdicts.broken('S8', `the store must not go on: ${error.message}`),
    })
    this.#view = new ViewSide({ time, disk, random, inject, trace, now: () => this.#running() })
    this.#views = new ViewChecker(verdicts, this.truth)
    this.#rows = new RowChecker(verdicts, disk)
    this.#validity = new ValidityChecker(verdicts, this.truth)
    this.#gaps = new HoleChecker(verdicts, disk)
    const look = () => {
      this.#look()
      time.after(LOOK_MS, 'world', look)
    }
    time.after(LOOK_MS, 'world', look)
  }

  get report() {
    return {
      viewsCompared: this.#views.compared,
      rows: this.#rows.rows,
      rowBooksCompared: this.#validity.compared,
      revised: this.#validity.revised,
      holes: this.#gaps.holes,
      gaps: this.#gaps.gaps,
    }
  }

  /** A run begins. */
  began(life: RecorderLife, session: string): void {
    this.#now = { life, session }
    this.#store.weather = drawStoreWeather(this.#random)
    this.#view.weather = drawViewWeather(this.#random)
    this.#store.start()
    this.#store.durable(life.journal.durable)
    if (!this.#isServedApart || this.#view.replica === undefined) this.#view.start()
  }

  durable(): void {
    if (this.#now === undefined) return
    this.#store.durable(this.#now.life.journal.durable)
    this.#view.durableMoved(this.#now.life)
  }

  opened(connection: number, peer: ExchangeConnection): void {
    if (this.#now !== undefined) this.truth.opened(this.#now.session, connection, peer)
  }

  taken(connection: number, frame: Sent): void {
    if (this.#now !== undefined) this.truth.taken(this.#now.session, connection, frame, this.#options.time.nowMs)
  }

  lost(connection: number): void {
    if (this.#now !== undefined) this.truth.lost(this.#now.session, connection, this.#options.time.nowMs)
  }

  impossible(connection: number, frame: Sent): void {
    if (this.#now === undefined || this.holes.isCut) return
    this.truth.impossible(this.#now.session, connection, frame, this.holes.appendedLast)
  }

  /** A life is over, and so many records are left of all. Answers the markets whose end is not among them. */
  left(records: number): string[] {
    this.truth.left(records)
    return this.holes.left(records)
  }

  /** What happens to them, once a second. */
  happen(): void {
    this.#store.happen()
    this.#view.happen()
  }

  /** The journal was closed: the store gets a moment for the rest. */
  async stopping(): Promise<void> {
    const { writer } = this.#store
    if (writer === undefined) return
    let isOver = false
    void writer.drain(DRAIN_MS).then(() => {
      isOver = true
    })
    for (let waitedMs = 0; !isOver && waitedMs < 2 * DRAIN_MS; waitedMs += 20) await this.#options.time.runFor(20)
  }

  /** The recorder's process is dead, and after a power loss everything is. */
  died(isPowerLoss: boolean): void {
    if (this.#now !== undefined) this.truth.died(this.#now.session, this.#options.time.nowMs)
    this.#now = undefined
    this.#store.kill()
    if (isPowerLoss || !this.#isServedApart) this.#view.kill()
    else this.#view.recorderEnded()
  }

  /** The faults stop. */
  heal(): void {
    this.#store.heal()
    this.#view.weather = { cutPerSecond: 0, restartPerSecond: 0, readFails: 0 }
  }

  /** S11, in a quiet world. `known`: the markets whose books must be there. */
  async checkCaughtUp(known: readonly string[]): Promise<void> {
    const { time, verdicts } = this.#options
    const startMs = time.nowMs
    let missing = this.#missing(known)
    while (missing !== undefined && time.nowMs - startMs < CAUGHT_UP_MS_MAX) {
      await time.runFor(100)
      missing = this.#missing(known)
    }
    if (missing !== undefined) verdicts.broken('S11', `after ${CAUGHT_UP_MS_MAX} ms ${missing}`)
  }

  /** The last run was stopped: what the rows say of everything. */
  async finish(): Promise<void> {
    await this.stopping()
    const { writer } = this.#store
    const { time, verdicts } = this.#options
    const durable = this.#now?.life.journal.durable
    if (writer === undefined || durable === undefined) return
    // What the database says, whatever the writer believes.
    const position = this.#store.watermark
    if (comparePositions(position, durable) !== 0) {
      const at = formatPosition(position)
      verdicts.broken('S11', `the rows reach ${at} after a stop, and durable is ${formatPosition(durable)}`)
    }
    this.died(true)
    await this.#rows.check(this.#store.store)
    await this.#rows.compare(this.#store.store, time)
    this.#validity.check(this.#store.store)
    await this.#gaps.check(this.#store.store, this.holes)
  }

  #running() {
    if (this.#now === undefined) return undefined
    const { life, session } = this.#now
    const identity = { environment: 'sim', version: 'simulation', pid: 1, session, journal: session } as const
    return { life, identity }
  }

  #look(): void {
    const { replica } = this.#view
    if (replica === undefined) return
    const running = this.#now && { journal: this.#now.life.journal, session: this.#now.session }
    this.#views.check(replica, running, this.#options.time.nowMs)
  }

  /** What is not caught up yet, in words. */
  #missing(known: readonly string[]): string | undefined {
    const { life } = this.#now!
    const position = this.#store.watermark
    const { durable } = life.journal
    if (comparePositions(position, durable) < 0) {
      const { state = 'none', lastError } = this.#store.writer?.status ?? {}
      return `the rows reach ${formatPosition(position)}, and durable is ${formatPosition(durable)} (${state}, ${lastError})`
    }
    const { replica } = this.#view
    if (replica === undefined) return 'the copy has not opened'
    for (const ticker of known) {
      const market = replica.market(ticker)?.market
      const doubt = market === undefined ? 'unheard of' : replica.doubtOf(market)
      if (doubt !== undefined) return `the copy shows ${ticker} as ${doubt} (${replica.state})`
      const [shown, right] = [market, life.fold.market(ticker)].map((each) => {
        const { yes, no } = each!.book.levels()
        return `yes ${textOf([...yes])} no ${textOf([...no])}`
      })
      if (shown !== right) return `the copy shows ${ticker} as\n  ${shown}\nand not\n  ${right}`
    }
    return undefined
  }
}
