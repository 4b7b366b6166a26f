/**
 * order, with the product's own journal, tape, fold, sessions, backpressure and checkpointer, and without sockets, files
 * or real time. It tells a {@link Witness} everything that the checkers need to know.
 */
import { Checkpointer, Tape, type TapeJournal } from '#app'
import { type LostCause, RECORD, type RecordType } from '#domain'
import {
  Backpressure,
  DiskRoom,
  describeContext,
  type Effect,
  Fold,
  type FoldListener,
  type FreeSpace,
  type Relief,
  type RoomChange,
  Session,
} from '#feed'
import { encodeJson, type Journal, type MemoryDisk, openJournal, type SeededRandom } from '#journal'
import type { AppendResult } from '#ports'
import type { ExchangeConnection, Sent } from './exchange.ts'
import { SimulatedLink, type Tap } from './link.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { Refusal, Wire } from './wire.ts'

export const FOLDER = '/journal'
export const TICK_MS = 50
/** The lives are short. */
const AUDIT_MS = 4_000

/** What a disk says that has no room. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** What happens in a life, as it happens. */
export interface Witness {
  appended(type: number, connection: number, body: Uint8Array): void
  opened(connection: number, peer: ExchangeConnection): void
  /** After the frame was journaled and folded, before anything follows from it. */
  taken(connection: number, frame: Sent): void
  refused(connection: number, frame: Sent): void
  broken(connection: number, sid: number, expected: number, received: number): void
  sent(connection: number, text: string): void
  lost(connection: number, cause: LostCause): void
  connecting(link: SimulatedLink): void
  /** A connection of this link, or its attempt at one, is over. */
  ended(link: SimulatedLink, cause: LostCause, answer: Refusal | undefined): void
  noticed(effect: Effect, link: SimulatedLink): void
  relieved(relief: Relief): void
  /** The disk is full, and the journal takes no frames; or it has room again, and they are behind it in the journal. */
  roomChanged(change: RoomChange): void
  ticked(): void
  durable(): void
  failed(error: Error): void
  trace(line: () => string): void
}

export type LifeOptions = {
  readonly time: VirtualTime
  readonly disk: MemoryDisk
  readonly random: SeededRandom
  readonly wire: Wire
  readonly witness: Witness
  /** The run's id. */
  readonly session: string
  /** The markets of each connection. */
  readonly connections: readonly (readonly string[])[]
  readonly useYesPrice: boolean
  readonly pingSilenceMs: number
  readonly chunkSize: number
  readonly bufferBytes: number
  readonly segmentBytes: number
  readonly segmentMs: number
  /** What is kept free of the disk. */
  readonly reserveBytes: number
  readonly checkpointDeltas: number
  readonly checkpointMs: number
}

export async function beginLife(options: LifeOptions): Promise<RecorderLife> {
  let life: RecorderLife | undefined
  const { time, disk, random, witness } = options
  const journal = await openJournal({
    disk,
    folder: FOLDER,
    environment: 'sim',
    clock: time.clock,
    random,
    writer: 'simulation',
    bufferLimitBytes: options.bufferBytes,
    segmentBytes: options.segmentBytes,
    segmentAgeMs: options.segmentMs,
    context: () => life?.context(),
    onDurable: () => witness.durable(),
    onEvent: (event) => {
      witness.trace(() => `journal ${event.kind} ${'segment' in event ? event.segment : ''}`)
      if (event.kind === 'failed') witness.failed(event.error)
      if (event.kind === 'write_failed') life?.writeFailing(event.code)
      if (event.kind === 'write_recovered') life?.writeFailing(undefined)
    },
  })
  life = new RecorderLife(options, journal)
  return life
}

export class RecorderLife {
  readonly journal: Journal
  readonly fold: Fold
  readonly tape: Tape
  readonly links: SimulatedLink[] = []
  readonly #options: LifeOptions
  readonly #linkOf = new Map<number, SimulatedLink>()
  readonly #backpressure: Backpressure
  readonly #checkpointer: Checkpointer
  readonly #room: DiskRoom
  #isOver = false

  constructor(options: LifeOptions, journal: Journal) {
    this.#options = options
    this.journal = journal
    this.fold = new Fold(this.#listener())
    this.tape = new Tape(watched(journal, options.witness), this.fold)
    this.#backpressure = new Backpressure(options.bufferBytes)
    this.#room = new DiskRoom(options.reserveBytes, options.bufferBytes)
    this.#checkpointer = new Checkpointer(this.fold, this.tape, options, () => journal.head.segment)
    for (const markets of options.connections) this.links.push(this.#openLink(markets))
  }

  start(): void {
    const body = { event: 'started', session: this.#options.session, version: 'simulation' }
    this.tape.record(RECORD.SESSION, 0, encodeJson(body))
    this.fold.sessionStarted()
    for (const link of this.links) link.act((session, nowMs) => session.start(nowMs))
    const again = () => {
      if (this.#isOver) return
      this.#tick()
      this.#options.time.after(TICK_MS, 'process', again)
    }
    this.#options.time.after(TICK_MS, 'process', again)
  }

  context(): Uint8Array {
    return encodeJson(describeContext(this.fold, this.#options.session))
  }

  /** Lets the connections go and makes everything received durable; `false` when that could not be done in time. */
  async stop(): Promise<boolean> {
    for (const link of this.links) link.act((session, nowMs) => session.stop(nowMs))
    this.#isOver = true
    this.tape.endCut()
    this.tape.record(
      RECORD.SESSION,
      0,
      encodeJson({ event: 'stopped', session: this.#options.session, version: 'simulation' }),
    )
    try {
      await this.journal.close()
    } catch {
      return false
    }
    return this.tape.owed === 0
  }

  /** With the disk's code when it refused, without one when it takes again. */
  writeFailing(code: string | undefined): void {
    if (code !== undefined && NO_ROOM.has(code)) this.#room.refused(this.#options.time.nowMs)
    else this.#room.written()
  }

  #openLink(markets: readonly string[]): SimulatedLink {
    const { time, wire, random, useYesPrice, pingSilenceMs, chunkSize } = this.#options
    const channels = ['orderbook_delta', 'trade', 'ticker'] as const
    const unit = () => random.unit()
    const session = new Session({
      markets,
      useYesPrice,
      channels,
      random: unit,
      pingSilenceMs,
      chunkSize,
      auditMs: AUDIT_MS,
    })
    const link: SimulatedLink = new SimulatedLink(
      session,
      time,
      wire,
      this.#tapOf(() => link),
    )
    return link
  }

  #tapOf(link: () => SimulatedLink): Tap {
    const { witness, useYesPrice, time } = this.#options
    const { tape } = this
    return {
      connecting: () => witness.connecting(link()),
      ended: (cause, answer) => witness.ended(link(), cause, answer),
      opened: (peer) => {
        const connection = tape.opened({ host: 'simulated', environment: 'sim', useYesPrice, firstSeq: 'one' })
        this.#linkOf.set(connection, link())
        witness.opened(connection, peer)
        return connection
      },
      frame: (connection, frame) => {
        if (tape.frame(connection, Buffer.from(frame.text)) === 'taken') {
          witness.taken(connection, frame)
          const { bufferedBytes } = this.journal
          if (bufferedBytes > this.#backpressure.pauseAboveBytes && tape.cutOff === undefined)
            this.#relieve(this.#backpressure.check(bufferedBytes, time.nowMs))
          return
        }
        witness.refused(connection, frame)
        this.#relieve(this.#backpressure.refused(time.nowMs))
      },
      sent: (connection, text) => {
        witness.sent(connection, text)
        tape.sent(connection, text)
      },
      lost: (connection, cause, detail) => {
        this.#linkOf.delete(connection)
        const lastProofNs = tape.unixNs(tape.lastStamp)
        tape.lost(connection, { cause, detail, lastProofNs, lastProofKind: 'frame' })
        witness.trace(() => `connection ${connection} lost: ${cause}, ${detail}`)
        witness.lost(connection, cause)
      },
      noticed: (effect, connection) => {
        if (effect.kind === 'settle_orientation' && connection !== undefined) {
          tape.validity(connection, { action: 'settle_orientation', cause: 'snapshot_timeout' })
        }
        if (effect.kind === 'wire_changed' && connection !== undefined) {
          tape.validity(connection, { action: 'doubt', markets: effect.markets, cause: 'wire_changed' })
        }
        if (effect.kind === 'settle_audits' && connection !== undefined) {
          tape.validity(connection, { action: 'settle_audits', markets: effect.markets, cause: 'snapshot_timeout' })
        }
        witness.noticed(effect, link())
      },
    }
  }

  #listener(): FoldListener {
    const { witness, checkpointDeltas } = this.#options
    const tell = (connection: number | undefined, event: (session: Session, nowMs: number) => void) => {
      if (connection !== undefined) this.#linkOf.get(connection)?.tell(event)
    }
    return {
      changed: (market) => {
        if (market.deltasSinceCheckpoint === checkpointDeltas) this.#checkpointer.due(market)
      },
      proven: (market) => tell(market.source?.connectionId, (session, nowMs) => session.proven(market.ticker, nowMs)),
      keptBack: (market) => {
        if (!market.valid) tell(market.source?.connectionId, (session, nowMs) => session.differs(market.ticker, nowMs))
      },
      audited: (market, found) => {
        witness.trace(() => `${market.ticker} audited: ${found.result}`)
        tell(found.connection, (session, nowMs) => session.audited(market.ticker, found, nowMs))
      },
      doubted: (market, cause) => {
        witness.trace(() => `${market.ticker} in doubt: ${cause}`)
        tell(market.source?.connectionId, (session, nowMs) => session.doubted(market.ticker, cause, nowMs))
      },
      unknownMarket: (connection, market) =>
        tell(connection, (session, nowMs) => session.answered(market.ticker, nowMs)),
      broken: (connection, { sid, channel }, expected, received) => {
        witness.broken(connection, sid, expected, received)
        tell(connection, (session, nowMs) => session.broken(channel, nowMs))
      },
      oriented: ({ id, orientation }) => {
        witness.trace(() => `connection ${id} is read ${orientation.verdict}`)
        tell(id, (session, nowMs) => session.oriented(orientation.doubtful, nowMs))
      },
      control: (connection, frame) => tell(connection, (session, nowMs) => session.control(frame, nowMs)),
      malformed: (connection, { market, at }) =>
        tell(connection, (session, nowMs) =>
          market === undefined ? session.unreadableAll(nowMs, at) : session.unreadable(market, nowMs, at),
        ),
    }
  }

  #tick(): void {
    const { nowMs } = this.#options.time
    this.tape.payOwed()
    this.#changeRoom(this.#room.look(this.#free(), this.journal.bufferedBytes, nowMs))
    if (!this.#room.isFull) this.#relieve(this.#backpressure.check(this.journal.bufferedBytes, nowMs))
    for (const link of this.links) link.tick()
    this.#checkpointer.tick()
    this.#options.witness.ticked()
  }

  #free(): FreeSpace {
    const { quotaBytes, usedBytes } = this.#options.disk
    if (quotaBytes === Number.POSITIVE_INFINITY) return undefined
    return { freeBytes: Math.max(0, quotaBytes - usedBytes), totalBytes: quotaBytes }
  }

  #changeRoom(change: RoomChange): void {
    if (change === undefined) return
    if (change === 'full') {
      this.tape.cut()
      this.#options.witness.roomChanged(change)
      this.#relieve(this.#backpressure.release(this.#options.time.nowMs))
      return
    }
    this.tape.goOn(this.#options.session)
    this.#options.witness.roomChanged(change)
    for (const link of this.links) link.act((session, nowMs) => session.resync([...session.markets], nowMs))
  }

  #relieve(relief: Relief): void {
    if (relief === undefined) return
    this.#options.witness.relieved(relief)
    for (const link of this.links) {
      if (relief === 'pause') link.pause()
      if (relief === 'resume') link.resume()
      if (relief === 'stall') link.act((session, nowMs) => session.full(nowMs))
      if (relief === 'room') {
        link.resume()
        link.act((session, nowMs) => session.room(nowMs))
      }
    }
  }
}

/** The journal as the tape sees it, with every record that it took told of. */
function watched(journal: Journal, witness: Witness): TapeJournal {
  const append = (type: RecordType, connection: number, body: Uint8Array, stampNs?: number): AppendResult => {
    const result = journal.append(type, connection, body, stampNs)
    if (result === 'taken') witness.appended(type, connection, body)
    return result
  }
  return new Proxy(journal, {
    get: (target, name) => {
      if (name === 'append') return append
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
