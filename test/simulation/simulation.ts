/**
 * One seed, one world, from beginning to end: lives of a recorder that crash or stop, in a weather drawn from the seed,
 * then calm, and the checkers' verdicts on all of it.
 */
import { RECORD } from '#domain'
import { MemoryDisk, SeededRandom } from '#journal'
import { Books } from './books.ts'
import { Commands } from './commands.ts'
import { SimulatedExchange } from './exchange.ts'
import { History } from './history.ts'
import { INVARIANTS, Verdicts, type Violation } from './invariants.ts'
import { Knocks } from './knocks.ts'
import { Numbers } from './numbers.ts'
import { Readers } from './readers.ts'
import { beginLife, type LifeOptions, type RecorderLife, type Witness } from './recorder.ts'
import { VirtualTime } from './virtual-time.ts'
import { CALM, drawWeather, type Weather } from './weather.ts'
import { Wire } from './wire.ts'

/** The bound of S4. A backoff of 30 s, a server's own wait of 20 s, a silence of 25 s and a handshake of 15 s fit in it. */
export const SETTLE_MS_MAX = 90_000

export type Outcome = {
  readonly seed: number
  readonly violations: readonly Violation[]
  /** Faults injected, by name. */
  readonly faults: Readonly<Record<string, number>>
  readonly simulatedMs: number
  readonly frames: number
  readonly records: number
  readonly breaks: number
  readonly crashes: number
  readonly booksCompared: number
  readonly statesCompared: number
  /** From the end of the faults to all books valid. */
  readonly settledMs: number
  readonly mostCommandsPerSecond: number
  readonly mostConnectsPerMinute: number
  /** What was compared of the rows and of the copy. */
  readonly readers: Readers['report']
  /** Effects and reliefs of the recorder, by name: that the world did reach them. */
  readonly reached: Readonly<Record<string, number>>
}

export async function simulate(
  seed: number,
  trace: (line: string) => void = () => {},
  isTraced = false,
): Promise<Outcome> {
  const world = new World(seed, trace, isTraced)
  const putBack = world.time.install()
  try {
    return await world.run()
  } finally {
    putBack()
  }
}

/** What brings a seed back. */
export const repeatCommand = (seed: number): string => `SEED=${seed} npx vitest run --project fast test/simulation`

export function describeViolation(seed: number, { invariant, atMs, life, what }: Violation): string {
  return `seed ${seed}, life ${life}, ${atMs} ms: ${invariant} (${INVARIANTS[invariant]}) is broken:\n${what}\nSee it again: ${repeatCommand(seed)}`
}

class World {
  readonly time = new VirtualTime(1_800_000_000_000_000_000n)
  readonly #seed: number
  readonly #random: SeededRandom
  readonly #side: SeededRandom
  readonly #disk: MemoryDisk
  readonly #exchange: SimulatedExchange
  readonly #wire: Wire
  readonly #verdicts: Verdicts
  readonly #numbers: Numbers
  readonly #books: Books
  readonly #commands: Commands
  readonly #knocks: Knocks
  readonly #history: History
  readonly #readers: Readers
  readonly #faults: Record<string, number> = {}
  readonly #reached: Record<string, number> = {}
  readonly #trace: (line: () => string) => void
  readonly #options: Omit<LifeOptions, 'witness' | 'session'>
  readonly #known: string[]
  #life: RecorderLife | undefined
  #weather: Weather = { ...CALM }
  #frames = 0
  #crashes = 0
  #ticks = 0
  #fullUntilMs = 0
  #isStopping = false
  /** Markets whose books were known when the last process died. */
  #diedKnowing: string[] = []

  constructor(seed: number, trace: (line: string) => void, isTraced: boolean) {
    this.#seed = seed
    const random = new SeededRandom(seed * 2654435761)
    this.#random = random
    this.#side = new SeededRandom(seed * 40_503 + 7)
    const { time } = this
    this.#trace = isTraced ? (line) => trace(`${(time.nowMs / 1000).toFixed(3).padStart(9)} ${line()}`) : () => {}
    this.#verdicts = new Verdicts(time, (line) => this.#trace(() => line))
    this.#disk = new MemoryDisk({ seed })
    this.#numbers = new Numbers(this.#verdicts)
    const isWide = random.unit() < 0.08
    const count = isWide ? 101 + random.below(40) : 1 + random.below(8)
    this.#known = Array.from({ length: count }, (_, index) => `KXSIM-${String.fromCharCode(65 + (index % 26))}${index}`)
    const inject = (fault: string) => {
      this.#faults[fault] = (this.#faults[fault] ?? 0) + 1
      this.#trace(() => `fault ${fault}`)
    }
    this.#exchange = new SimulatedExchange({
      time,
      random,
      inject,
      markets: this.#known,
      untold: (ticker) => this.#readers.holes.untold.add(ticker),
      groupsPerSecond: 1 + random.below(12),
      depth: isWide ? 2 : 1 + random.below(10),
    })
    this.#wire = new Wire({
      time,
      random,
      side: this.#side,
      exchange: this.#exchange,
      inject: (fault, peer, place) => {
        inject(fault)
        if (peer !== undefined && place !== undefined) this.#numbers.missing(peer, place)
      },
    })
    this.#readers = new Readers({
      time,
      disk: this.#disk,
      seed,
      exchange: this.#exchange,
      verdicts: this.#verdicts,
      inject,
      trace: this.#trace,
    })
    const { holes } = this.#readers
    this.#books = new Books(this.#verdicts, this.#exchange, this.#numbers, {
      impossible: (connection, frame) => this.#readers.impossible(connection, frame),
      broken: (kind, markets) => holes.happened(kind, markets),
      blind: (markets) => holes.happened('impossible', markets),
    })
    this.#commands = new Commands(time, this.#verdicts)
    this.#knocks = new Knocks(time, this.#verdicts)
    this.#history = new History(this.#verdicts, this.#disk)
    const wanted = random.unit() < 0.2 ? [...this.#known, 'KXSIM-UNKNOWN'] : this.#known
    const half = Math.ceil(wanted.length / 2)
    const isDouble = wanted.length > 1 && random.unit() < 0.4
    const scale = isWide ? 8 : 1
    this.#options = {
      time,
      disk: this.#disk,
      random,
      wire: this.#wire,
      connections: isDouble ? [wanted.slice(0, half), wanted.slice(half)] : [wanted],
      useYesPrice: random.unit() < 0.7,
      pingSilenceMs: 15_000 + random.below(10_000),
      chunkSize: random.unit() < 0.5 ? 250 : 1 + random.below(isWide ? 60 : 4),
      bufferBytes: scale * (8_192 << random.below(5)),
      segmentBytes: scale * (8_192 << random.below(5)),
      reserveBytes: 500 * (this.#seed % 4),
      segmentMs: 2_000 + random.below(60_000),
      checkpointDeltas: 2 + random.below(60),
      checkpointMs: 500 + random.below(10_000),
    }
  }

  async run(): Promise<Outcome> {
    const startedMs = this.time.nowMs
    let settledMs = 0
    try {
      const lives = 1 + this.#random.below(4)
      for (let life = 1; life <= lives; life++) {
        this.#verdicts.life = life
        await this.#begin()
        await this.#live(drawWeather(this.#random, this.#side), 10_000 + this.#random.unit() * 40_000)
        if (life < lives) await this.#end()
        else settledMs = await this.#settle()
      }
      await this.#finish()
    } catch (error) {
      this.#verdicts.broken('S0', error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    return {
      seed: this.#seed,
      violations: this.#verdicts.violations,
      faults: this.#faults,
      simulatedMs: this.time.nowMs - startedMs,
      frames: this.#frames,
      records: this.#history.records,
      breaks: this.#numbers.breaks,
      crashes: this.#crashes,
      booksCompared: this.#books.compared,
      statesCompared: this.#history.compared,
      settledMs,
      mostCommandsPerSecond: this.#commands.mostPerSecond,
      mostConnectsPerMinute: this.#knocks.mostPerMinute,
      readers: this.#readers.report,
      reached: this.#reached,
    }
  }

  async #begin(): Promise<void> {
    this.#healDisk()
    const session = `00000000-0000-4000-8000-${String(this.#verdicts.life).padStart(12, '0')}`
    const life = await beginLife({ ...this.#options, session, witness: this.#witness() })
    const { recovery } = life.journal
    this.#trace(() => `a life begins: ${JSON.stringify({ ...recovery, resume: undefined, lastRecordNs: undefined })}`)
    if (recovery.cutBytes > 0) this.#reach('torn_tail_cut')
    if (recovery.damage.length > 0)
      this.#verdicts.broken('S3', `damage found at start: ${JSON.stringify(recovery.damage)}`)
    this.#life = life
    this.#history.begin(life.journal)
    this.#readers.began(life, session)
    life.start()
  }

  /** So much time in this weather. */
  async #live(weather: Weather, ms: number): Promise<void> {
    this.#weather = weather
    this.#exchange.weather = weather
    this.#wire.weather = weather
    this.#disk.fault = (operation) => this.#diskFault(operation)
    const untilMs = this.time.nowMs + ms
    while (this.time.nowMs < untilMs) {
      await this.time.runFor(1000)
      this.#happen()
      this.#readers.happen()
      if (this.#random.unit() < 0.1) await this.#withoutFaults(() => this.#history.checkDurable(this.#life!.journal))
    }
  }

  /** What happens to machine and operator, once a second. */
  #happen(): void {
    const { random, weather, life } = { random: this.#random, weather: this.#weather, life: this.#life! }
    if (this.time.nowMs >= this.#fullUntilMs) this.#disk.quotaBytes = Number.POSITIVE_INFINITY
    if (random.unit() < weather.diskFullPerSecond) {
      this.#inject('disk_full')
      this.#disk.quotaBytes = this.#disk.usedBytes + random.below(2000)
      this.#fullUntilMs = this.time.nowMs + random.unit() * 15_000
    }
    if (random.unit() < weather.wallStepPerSecond) {
      this.#inject('wall_step')
      this.time.clock.stepWall(BigInt(Math.round((random.unit() - 0.5) * 10e9)))
    }
    if (random.unit() >= weather.operatorPerSecond) return
    this.#inject('operator')
    const link = life.links[random.below(life.links.length)]!
    const market = this.#known[random.below(this.#known.length)]!
    const mood = random.unit()
    if (mood < 0.4) link.act((session, nowMs) => session.resync([market], nowMs))
    else if (link.session.markets.has(market)) this.#letGo(link, market)
    else this.#addWhereItBelongs(market)
  }

  /** A hasty operator lets a market go while its book is on the way, and may want it back at once. */
  #letGo(link: RecorderLife['links'][number], market: string): void {
    const haste = this.#random.unit()
    if (haste < 0.5) link.act((session, nowMs) => session.resync([market], nowMs))
    link.act((session, nowMs) => session.change({ remove: [market] }, nowMs))
    if (haste < 0.2) this.#addWhereItBelongs(market)
  }

  #addWhereItBelongs(market: string): void {
    const index = this.#options.connections.findIndex((each) => each.includes(market))
    this.#life!.links[index]!.act((session, nowMs) => session.change({ add: [market] }, nowMs))
  }

  /** The life ends: by a stop, a kill or a power loss, with all that was under way. */
  async #end(): Promise<void> {
    const life = this.#life!
    const mood = this.#random.unit()
    if (mood < 0.2) {
      this.#isStopping = true
      let isOver = false
      const stopped = life.stop().finally(() => {
        isOver = true
      })
      while (!isOver) await this.time.runFor(100)
      const isComplete = await stopped
      this.#trace(() => `stopped, ${isComplete ? 'all' : 'not all'} of it on disk`)
      await this.#readers.stopping()
    }
    if (mood >= 0.2 && this.#random.unit() < 0.4) await this.#untilSyncFails()
    this.#crashes += mood < 0.2 ? 0 : 1
    const { durableRecords } = life.journal.metrics()
    this.time.killProcess()
    this.#readers.died(mood > 0.5)
    this.#wire.cutAll()
    this.#healDisk()
    if (mood > 0.5) {
      this.#inject('power_loss')
      this.#disk.powerLoss()
    } else if (mood > 0.2) this.#inject('process_killed')
    await this.#history.checkAfterLife(durableRecords)
    this.#numbers.forget()
    this.#diedKnowing = [...new Set([...this.#readers.left(this.#history.records), ...this.#books.known])]
    this.#books.forget()
    this.#commands.forget()
    this.#knocks.forget()
    this.#life = undefined
    this.#isStopping = false
    await this.time.runFor(100 + this.#random.unit() * 5000)
  }

  /** The last thing that a life sees is a sync that fails: what it wrote can be read, and is not on the medium. */
  async #untilSyncFails(): Promise<void> {
    let hasFailed = false
    this.#disk.fault = (operation) => {
      if (operation !== 'sync') return undefined
      hasFailed = true
      return this.#inject('sync_failed', 'EIO')
    }
    for (let waitedMs = 0; !hasFailed && waitedMs < 3000; waitedMs += 2) await this.time.runFor(2)
  }

  /** The faults stop. Answers how long it took until every market was valid. */
  async #settle(): Promise<number> {
    const life = this.#life!
    this.#trace(() => 'the faults stop')
    this.#weather = { ...CALM }
    this.#exchange.weather = { ...CALM }
    this.#wire.heal()
    this.#readers.heal()
    this.#healDisk()
    for (const market of this.#known) this.#addBack(life, market)
    this.#exchange.tellWhatWasKept()
    const startMs = this.time.nowMs
    // Whole and calm: a connection that still waits for an answer may yet be given up.
    const isSettled = () => this.#isWhole() && life.links.every(({ session }) => session.state === 'live')
    while (this.time.nowMs - startMs < SETTLE_MS_MAX && !isSettled()) await this.time.runFor(250)
    const settledMs = this.time.nowMs - startMs
    if (!isSettled()) {
      const states = life.links.map(({ session }) => session.state).join(', ')
      this.#verdicts.broken('S4', `not settled after ${SETTLE_MS_MAX} ms (${states}): ${this.#missing().join(', ')}`)
    }
    // A break of the last moments shows with the next frame.
    await this.time.runFor(5_000)
    this.#exchange.isQuiet = true
    await this.time.runFor(20_000)
    for (const ticker of this.#known) {
      const market = life.fold.market(ticker)
      if (!this.#isWhole() || market?.valid !== true) {
        this.#verdicts.broken('S4', `${ticker} is not valid in the quiet after the faults: ${market?.doubt}`)
      }
    }
    this.#books.checkAll(life.fold)
    await this.#readers.checkCaughtUp(this.#known)
    return settledMs
  }

  #addBack(life: RecorderLife, market: string): void {
    if (!life.links.some(({ session }) => session.markets.has(market))) this.#addWhereItBelongs(market)
  }

  async #finish(): Promise<void> {
    const life = this.#life!
    this.#mark(life)
    let isOver = false
    const stopped = life.stop().finally(() => {
      isOver = true
    })
    while (!isOver) await this.time.runFor(50)
    if (!(await stopped)) this.#verdicts.broken('S3', 'a stop on a sound disk leaves something unwritten')
    const { durableRecords, records } = life.journal.metrics()
    if (durableRecords !== records)
      this.#verdicts.broken('S3', `${records} records were taken, ${durableRecords} are durable`)
    const appended = this.#history.records
    await this.#history.checkAfterLife(durableRecords)
    if (this.#history.records !== appended)
      this.#verdicts.broken('S3', `${appended} records were appended, ${this.#history.records} are there`)
    await this.#history.checkFromSegments(this.#random, 3)
    await this.#readers.finish()
  }

  #isWhole(): boolean {
    return this.#missing().length === 0
  }

  #missing(): string[] {
    const { fold } = this.#life!
    return this.#known.flatMap((ticker) => {
      const market = fold.market(ticker)
      return market?.valid === true ? [] : [`${ticker} ${market?.doubt ?? 'unheard of'}`]
    })
  }

  #witness(): Witness {
    return {
      trace: this.#trace,
      appended: (type, connection, body) => {
        const { owed } = this.#life?.tape ?? { owed: 0 }
        if (type === RECORD.FRAME && owed > 0) {
          this.#verdicts.broken('S2', `a frame was appended before ${owed} records that were folded before it`)
        }
        this.#history.appended(type, connection, body)
        this.#readers.holes.appended(type, connection)
        if (type === RECORD.SESSION) {
          this.#readers.holes.happened('began', this.#diedKnowing)
          this.#diedKnowing = []
        }
      },
      opened: (connection, peer) => {
        this.#trace(() => `connection ${connection} opened`)
        this.#numbers.opened(connection, peer)
        this.#readers.opened(connection, peer)
        this.#commands.opened(connection, peer)
      },
      taken: (connection, frame) => {
        this.#frames++
        this.#trace(() => `${connection} ◄ ${frame.text.trimEnd().slice(0, 200)}`)
        const verdict = this.#numbers.taken(connection, frame)
        if (frame.isSpoiled === true) this.#readers.holes.happened('spoiled')
        this.#books.taken(connection, frame, verdict)
        this.#commands.taken(connection, frame)
        this.#readers.taken(connection, frame)
        const { fold } = this.#life!
        if (this.#known.length < 20) this.#books.checkAll(fold)
        else if (frame.market !== undefined) this.#books.check(fold.market(frame.market))
      },
      refused: (connection, frame) => {
        this.#inject('frame_refused')
        const peer = this.#numbers.peer(connection)
        if (peer !== undefined) this.#numbers.missing(peer, frame)
      },
      broken: (connection, sid, expected, received) => {
        this.#trace(() => `${connection} break of sid ${sid}: ${expected} expected, ${received} received`)
        this.#numbers.broken({ connection, sid, expected, received })
      },
      sent: (connection, text) => {
        this.#trace(() => `${connection} ► ${text.slice(0, 200)}`)
        this.#commands.sent(connection, text)
      },
      lost: (connection, cause) => {
        this.#reach(`lost_${cause}`)
        this.#numbers.lost(connection)
        this.#readers.lost(connection)
        this.#readers.holes.lost(connection, this.#books.lost(connection))
        this.#commands.lost(connection)
        this.#books.checkAll(this.#life!.fold)
      },
      connecting: (link) => this.#knocks.connecting(link, this.#options.connections.length),
      ended: (link, cause, answer) => this.#knocks.ended(link, cause, answer),
      noticed: (effect, link) => {
        if (effect.kind === 'state') {
          if (effect.to === 'live') this.#knocks.whole(link)
          this.#trace(
            () => `session ${effect.from} → ${effect.to}${effect.waitMs > 0 ? `, waits ${effect.waitMs} ms` : ''}`,
          )
          return
        }
        this.#trace(() => `session: ${JSON.stringify(effect)}`)
        this.#reach(effect.kind)
      },
      relieved: (relief) => {
        this.#trace(() => `backpressure ${relief}`)
        this.#reach(`backpressure_${relief}`)
      },
      roomChanged: (change) => {
        this.#trace(() => `disk ${change}`)
        this.#reach(`disk_${change}`)
        this.#readers.holes.isCut = change === 'full'
        this.#history.cut()
      },
      ticked: () => this.#ticked(),
      durable: () => this.#readers.durable(),
      failed: (error) => {
        // A stop waits for a sick disk only so long.
        if (!this.#isStopping) this.#verdicts.broken('S0', `the journal failed: ${error.message}`)
      },
    }
  }

  #ticked(): void {
    const life = this.#life!
    this.#commands.ticked()
    if (this.#ticks++ % 10 !== 0) return
    this.#books.checkAll(life.fold)
    this.#mark(life)
  }

  /** What is owed to the journal is ahead of it: no state to compare then. */
  #mark(life: RecorderLife): void {
    if (life.tape.cutOff !== undefined) return
    if (life.tape.owed === 0) this.#history.mark(life.journal, life.fold)
    else this.#reach('owed')
  }

  async #diskFault(operation: string): Promise<string | undefined> {
    const random = this.#random
    const { diskFails, diskSlowMs } = this.#weather
    if (operation === 'write' || operation === 'sync') await this.time.sleep(random.unit() * diskSlowMs, 'process')
    if (random.unit() >= diskFails) return undefined
    if (operation === 'sync' || operation === 'syncFolder') return this.#inject('sync_failed', 'EIO')
    if (operation === 'write') return this.#inject('write_failed', random.unit() < 0.5 ? 'ENOSPC' : 'EIO')
    if (operation === 'create') return this.#inject('create_failed', 'ENOSPC')
    return operation === 'remove' ? this.#inject('remove_failed', 'EIO') : undefined
  }

  /** A checker reads the disk; what it reads with must not fail, nor take part in the chance of the world. */
  async #withoutFaults(look: () => Promise<void>): Promise<void> {
    const { fault } = this.#disk
    this.#disk.fault = () => undefined
    await look()
    this.#disk.fault = fault
  }

  #healDisk(): void {
    this.#disk.fault = () => undefined
    this.#disk.quotaBytes = Number.POSITIVE_INFINITY
    this.#fullUntilMs = 0
  }

  #inject<T extends string | undefined>(fault: string, code?: T): T {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1
    this.#trace(() => `fault ${fault}`)
    return code as T
  }

  #reach(name: string): void {
    this.#reached[name] = (this.#reached[name] ?? 0) + 1
  }
}
