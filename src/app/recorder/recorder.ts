/**
 * The recorder: connections to the exchange, one fold of all their frames, the journal, and whoever looks at the books.
 *
 * It wires and keeps time; what frames mean is the fold's business, what to do about a connection the session's. One
 * thread; nothing on the way from socket to book waits.
 */
import { randomUUID } from 'node:crypto'
import {
  type ClockBody,
  type ConnectionLostBody,
  type Environment,
  isTicker,
  type NoteBody,
  type Position,
  RECORD,
  type RestBody,
  type SessionBody,
} from '#domain'
import {
  AUDIT_MS,
  Backpressure,
  DiskRoom,
  describeContext,
  type Effect,
  Fold,
  type FreeSpace,
  type Relief,
  type RoomChange,
  Session,
} from '#feed'
import { encodeJson, FileDisk, type Journal, openJournal, SystemClock } from '#journal'
import { type Ending, ExchangeLink, type LinkTap } from '#kalshi'
import { BookHub, type Paused } from '#live'
import { RepeatedLines } from '../log/log-repeats.ts'
import { VERSION } from '../version.ts'
import type { Account } from './account.ts'
import { AgeReplacement } from './age-replacement.ts'
import { AuditTally } from './audit-tally.ts'
import { Checkpointer } from './checkpointer.ts'
import { MessageAge } from './message-age.ts'
import { partition } from './partition.ts'
import { RateMeter, type Rates } from './rate-meter.ts'
import { listenFor, type Quarantined } from './recorder-listener.ts'
import { hintFor, tellEffect, tellJournalEvent, tellRecovery } from './recorder-log.ts'
import type { RecorderOptions } from './recorder-options.ts'
import { Tape } from './tape.ts'

const TICK_MS = 50
/** What a disk says that has no room: on its own account, or on that of the user's quota. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])
/** How long stopping may wait for the disk: with the rest of stopping it stays below five seconds. */
const CLOSE_MS_MAX = 4_000
/** Opens the journal and makes ready; nothing is connected before {@link Recorder.start}. */
export async function openRecorder(options: RecorderOptions): Promise<Recorder> {
  const { environment, dataFolder, log, journal: settings } = options
  let recorder: Recorder | undefined
  const journal = await openJournal({
    disk: options.disk ?? new FileDisk(),
    folder: `${dataFolder}/journal`,
    environment,
    clock: options.clock ?? new SystemClock(),
    writer: `kalshiflow ${VERSION}`,
    commitIntervalMs: settings.commitIntervalMs,
    bufferLimitBytes: settings.bufferBytes,
    segmentBytes: settings.segmentBytes,
    segmentAgeMs: settings.segmentMs,
    closeWithinMs: CLOSE_MS_MAX,
    context: () => recorder?.context(),
    onDurable: (position) => recorder?.becameDurable(position),
    onEvent: (event) => {
      tellJournalEvent(log, event)
      if (event.kind === 'write_failed') recorder?.writeFailing(event.code)
      if (event.kind === 'write_recovered') recorder?.writeFailing(undefined)
      if (event.kind === 'failed') recorder?.failed(event.error)
    },
  })
  tellRecovery(log, journal.recovery)
  recorder = new Recorder(options, journal)
  return recorder
}

export class Recorder {
  /** UUID of this run. */
  readonly session = randomUUID()
  readonly journal: Journal
  readonly fold: Fold
  readonly hub = new BookHub()
  readonly age: MessageAge
  readonly audits: AuditTally
  readonly quarantine: Quarantined[] = []
  /** Resolves when the journal has failed for good: nothing more can be recorded. */
  readonly broken: Promise<Error>

  readonly #options: RecorderOptions
  readonly #tape: Tape
  readonly #links: ExchangeLink[] = []
  /** By connection number. */
  readonly #linkOf = new Map<number, ExchangeLink>()
  readonly #backpressure: Backpressure
  readonly #room: DiskRoom
  #free: FreeSpace
  readonly #checkpointer: Checkpointer
  readonly #rates = new RateMeter()
  readonly #replacement: AgeReplacement<ExchangeLink>
  readonly #repeats: RepeatedLines
  readonly #durableListeners = new Set<(position: Position) => void>()
  readonly #startedMs = performance.now()
  #paused: Paused | undefined
  #isWriteFailing = false
  #failure: string | undefined
  #refusal: string | undefined
  /** REST exchanges that no note tells of yet. */
  #restLeftOut = 0
  #connectionsLost = 0
  #wasDownFromNs: bigint | undefined
  #clock: ClockBody | undefined
  #clockEpoch: number
  #connectionsOpened = 0
  #timer: NodeJS.Timeout | undefined
  #stopping: Promise<Account> | undefined
  #break: (error: Error) => void = () => {}

  /** For {@link openRecorder}. */
  constructor(options: RecorderOptions, journal: Journal) {
    this.#options = options
    this.journal = journal
    this.#clockEpoch = journal.epoch
    this.age = new MessageAge(options.messageAge?.windowMs)
    this.#replacement = new AgeReplacement(options.messageAge?.climbMsMax ?? 0)
    this.#repeats = new RepeatedLines(options.log, () => performance.now())
    this.audits = new AuditTally(
      this.#repeats,
      () => this.#tape.nowMs(),
      () => this.#tape.cutOff === undefined,
    )
    this.fold = new Fold(
      listenFor({
        log: options.log,
        repeats: this.#repeats,
        hub: this.hub,
        age: this.age,
        audits: this.audits,
        quarantine: this.quarantine,
        checkpointDeltas: options.journal.checkpointDeltas,
        onCheckpointDue: (market) => this.#checkpointer.due(market),
        marketOf: (ticker) => this.fold.market(ticker),
        linkOf: (connection) => this.#linkOf.get(connection),
        nowMs: () => this.#tape.nowMs(),
      }),
    )
    this.#tape = new Tape(journal, this.fold)
    this.#backpressure = new Backpressure(options.journal.bufferBytes)
    this.#room = new DiskRoom(options.journal.reserveBytes ?? 0, options.journal.bufferBytes)
    this.#checkpointer = new Checkpointer(this.fold, this.#tape, options.journal, () => journal.head.segment)
    this.broken = new Promise((resolve) => {
      this.#break = resolve
    })
  }

  get markets(): string[] {
    return this.#links.flatMap(({ session }) => [...session.markets])
  }

  get links(): readonly ExchangeLink[] {
    return this.#links
  }

  get rates(): Rates {
    return this.#rates.rates
  }

  get backpressure(): Backpressure['state'] {
    return this.#backpressure.state
  }

  /** Since when the disk is full and frames reach books alone, and how many did; `undefined` while there is room. */
  get cutOff(): Tape['cutOff'] {
    return this.#tape.cutOff
  }

  /** Frames that reached books and are in no journal, since the start. */
  get framesUnrecorded(): number {
    return this.#tape.framesUnrecorded
  }

  get connectionsLost(): number {
    return this.#connectionsLost
  }

  /** How often a connection was replaced because its messages grew old. */
  replacementsOf(link: ExchangeLink): number {
    return this.#replacement.countOf(link)
  }

  /** Since when the run before this one, which ended without a word, had recorded nothing; `undefined` where none did. */
  get wasDownFromNs(): bigint | undefined {
    return this.#wasDownFromNs
  }

  /** The last estimate of how far the wall clock is off. */
  get clock(): ClockBody | undefined {
    return this.#clock
  }

  /** Why the last attempt to connect failed, with what to do; `undefined` once one succeeded. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /** Receive time of the newest frame, Unix ms; 0 before the first. */
  get lastFrameMs(): number {
    return this.#tape.lastFrameMs
  }

  /** For how long the oldest record has waited that is not durable yet; `undefined` while none waits. */
  get waitingMs(): number | undefined {
    return this.#tape.waitingMs
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined
  }

  /** Since when, and by whom; `undefined` while it records. */
  get paused(): Paused | undefined {
    return this.#paused
  }

  /** A write failed and none has succeeded since; and why nothing more can be written, when that is so. */
  get journalTrouble(): { readonly isFailing: boolean; readonly failure: string | undefined } {
    return { isFailing: this.#isWriteFailing, failure: this.#failure }
  }

  get environment(): Environment {
    return this.#options.environment
  }

  get dataFolder(): string {
    return this.#options.dataFolder
  }

  get upMs(): number {
    return performance.now() - this.#startedMs
  }

  /** Writes down that the run begins, and what the last one left open. */
  begin(): void {
    const { recovery } = this.journal
    this.#tape.record(
      RECORD.SESSION,
      0,
      encodeJson({ event: 'started', session: this.session, version: VERSION } satisfies SessionBody),
    )
    if (recovery.cutBytes > 0)
      this.note(`a torn tail of ${recovery.cutBytes} bytes was cut at start`, { cutBytes: recovery.cutBytes })
    this.fold.sessionStarted()
  }

  /** A hole that a process which died left behind: from its last durable record to now. */
  declareProcessDown(fromNs: bigint): void {
    this.#wasDownFromNs = fromNs
    const body = { cause: 'process_down', fromNs: String(fromNs), toNs: this.#tape.unixNs(this.journal.stamp()) }
    this.#tape.record(RECORD.GAP, 0, encodeJson(body))
  }

  /**
   * One REST exchange, kept like a frame: every input of a table is in the journal. It can be asked for again and may be of
   * megabytes: without room it is left out, and a note tells how many were as soon as there is room.
   */
  rest(body: RestBody): void {
    if (!this.#tape.offer(RECORD.REST, 0, encodeJson(body))) this.#restLeftOut++
  }

  /** An estimate of how far the wall clock is off: kept in the journal, since message ages are only as good as it. */
  clockEstimated(body: ClockBody): void {
    this.#clock = body
    if (this.#stopping === undefined) this.#tape.offer(RECORD.CLOCK, 0, encodeJson(body))
  }

  note(text: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#tape.record(RECORD.NOTE, 0, encodeJson({ ...fields, text } satisfies NoteBody))
  }

  /** Tells of each commit, as soon as it is durable. Answers how to stop listening. */
  onDurable(listener: (position: Position) => void): () => void {
    this.#durableListeners.add(listener)
    return () => void this.#durableListeners.delete(listener)
  }

  /** For {@link openRecorder}. */
  becameDurable(position: Position): void {
    for (const listener of this.#durableListeners) listener(position)
  }

  /** For {@link openRecorder}: with the disk's code when it refused, without one when it takes again. */
  writeFailing(code: string | undefined): void {
    this.#isWriteFailing = code !== undefined
    if (code !== undefined && NO_ROOM.has(code)) this.#room.refused(performance.now())
    else this.#room.written()
  }

  /** What is free on the journal's disk: to be told about once a second. */
  looked(free: FreeSpace): void {
    this.#free = free
  }

  /** Lets the connections go until {@link resume}. Paused already, it stays as it was. */
  pause(by: string): void {
    if (this.#paused !== undefined || this.#stopping !== undefined) return
    this.#paused = { since: new Date().toISOString(), by }
    this.note('the recording is paused by an operator', { event: 'paused', by })
    this.#options.log.warn({ event: 'recording_paused', by })
    for (const link of this.#links) link.act((session, nowMs) => session.pause(nowMs))
  }

  /** Connects again. Not paused, it does nothing. */
  resume(): void {
    if (this.#paused === undefined || this.#stopping !== undefined) return
    const { since, by } = this.#paused
    this.#paused = undefined
    this.note('the recording goes on', { event: 'resumed', since, by })
    this.#options.log.warn({ event: 'recording_resumed', since })
    for (const link of this.#links) {
      link.act((session, nowMs) => {
        session.resume(nowMs)
        // What was let go for want of room waits for room.
        if (this.#backpressure.state === 'stalled') session.full(nowMs)
      })
    }
  }

  /** Connects. `markets` are spread over as many connections as they need. */
  start(markets: readonly string[]): void {
    const { marketsPerConnection, connectionsMax } = this.#options
    for (const each of partition(markets, marketsPerConnection, connectionsMax)) this.#startLink(each)
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  /**
   * Adds markets to the connections with room, without tearing down a subscription, and to further connections where
   * those are full. Answers the markets that do not fit.
   */
  subscribe(markets: readonly string[]): string[] {
    const known = new Set(this.markets)
    const left = markets.filter((each) => !known.has(each))
    for (const link of this.#links) {
      const room = this.#options.marketsPerConnection - link.session.markets.size
      const add = left.splice(0, Math.max(0, room))
      if (add.length > 0) link.act((session, nowMs) => session.change({ add }, nowMs))
    }
    while (left.length > 0 && this.#links.length < this.#options.connectionsMax) {
      this.#startLink(left.splice(0, this.#options.marketsPerConnection))
    }
    return left
  }

  unsubscribe(markets: readonly string[]): void {
    for (const link of this.#links) {
      const gone = markets.filter((each) => link.session.markets.has(each))
      link.act((session, nowMs) => session.change({ remove: gone }, nowMs))
      // Without a connection there is no command whose answer would tell that they are gone.
      if (link.connection === undefined && gone.length > 0) {
        this.#tape.validity(0, { action: 'release', markets: gone, cause: 'admin' })
      }
    }
  }

  /** Asks the exchange for these books again. */
  resync(markets: readonly string[]): void {
    for (const link of this.#links) link.act((session, nowMs) => session.resync(markets, nowMs))
  }

  /** The CONTEXT record of a segment that begins now. */
  context(): Uint8Array {
    return encodeJson(describeContext(this.fold, this.session))
  }

  /** The journal will take nothing more. */
  failed(error: Error): void {
    this.#failure = error.message
    for (const link of this.#links) link.stop()
    this.#break(error)
  }

  /** Lets the connections go, makes everything received durable, and says what there is. Never throws. */
  stop(reason: string): Promise<Account> {
    this.#stopping ??= this.#stop(reason)
    return this.#stopping
  }

  async #stop(reason: string): Promise<Account> {
    const validAtEnd = this.fold.markets().filter(({ valid }) => valid).length
    for (const link of this.#links) link.stop()
    clearInterval(this.#timer)
    this.#tape.endCut()
    this.hub.close()
    this.#repeats.tell(true)
    const { frames, breaks, malformed } = this.fold.counts
    const { records, bytes } = this.journal.metrics()
    const counts = { frames, records, bytes, breaks, malformed, connectionsLost: this.#connectionsLost }
    if (this.#restLeftOut > 0) this.#tellRestLeftOut()
    this.audits.write(this.#tape)
    const body: SessionBody = { event: 'stopped', session: this.session, version: VERSION, reason, counts }
    this.#tape.record(RECORD.SESSION, 0, encodeJson(body))
    let isComplete = true
    try {
      await this.journal.close()
    } catch {
      // Told by the journal's own event; the account says that something is missing.
      isComplete = false
    }
    const metrics = this.journal.metrics()
    return {
      session: this.session,
      reason,
      seconds: Math.round(this.upMs) / 1000,
      frames,
      records: metrics.records,
      durableRecords: metrics.durableRecords,
      bytes: metrics.bytes,
      breaks,
      connections: this.#connectionsOpened,
      connectionsLost: this.#connectionsLost,
      malformed,
      framesUnrecorded: this.framesUnrecorded,
      markets: this.markets.length,
      validAtEnd,
      durable: this.journal.durable,
      isComplete:
        isComplete &&
        this.#tape.owed === 0 &&
        this.#tape.tooLarge === 0 &&
        this.framesUnrecorded === 0 &&
        metrics.durableRecords === metrics.records,
    }
  }

  #startLink(markets: readonly string[]): void {
    const link = this.#openLink(markets)
    if (this.#paused === undefined) link.start()
    else link.act((session, nowMs) => session.pause(nowMs))
  }

  #openLink(markets: readonly string[]): ExchangeLink {
    const { wsUrl, key, keyId, useYesPrice, pingSilenceMs, auditMs = AUDIT_MS, random = Math.random } = this.#options
    const channels = ['orderbook_delta', 'trade', 'ticker'] as const
    const session = new Session({ markets, useYesPrice, channels, random, pingSilenceMs, auditMs })
    const link: ExchangeLink = new ExchangeLink({
      url: wsUrl,
      key,
      keyId,
      session,
      tap: this.#tapOf(() => link),
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
    })
    this.#links.push(link)
    return link
  }

  #tapOf(link: () => ExchangeLink): LinkTap {
    const { environment, useYesPrice, log } = this.#options
    const tape = this.#tape
    let frameStamp = 0
    return {
      opened: (host) => {
        const connection = tape.opened({ host, environment, useYesPrice, firstSeq: 'one' })
        this.#linkOf.set(connection, link())
        this.#connectionsOpened++
        this.#refusal = undefined
        log.info({ event: 'connection_opened', connection, host })
        return connection
      },
      frame: (connection, bytes) => {
        const taken = tape.frame(connection, bytes)
        if (taken !== 'taken') return this.#relieve(this.#backpressure.refused(performance.now()))
        frameStamp = tape.lastStamp
        const { bufferedBytes } = this.journal
        if (bufferedBytes > this.#backpressure.pauseAboveBytes && tape.cutOff === undefined)
          this.#relieve(this.#backpressure.check(bufferedBytes, performance.now()))
      },
      sent: (connection, text) => tape.sent(connection, text),
      lost: (connection, ending) => {
        const isMeant = ending.cause === 'stopped' || ending.cause === 'paused' || ending.cause === 'message_age'
        this.age.close(connection)
        this.#connectionsLost += isMeant ? 0 : 1
        this.#linkOf.delete(connection)
        tape.lost(connection, this.#lostBody(ending, frameStamp))
        this.#releaseUnwanted()
        log[isMeant && ending.cause !== 'message_age' ? 'info' : 'warn']({
          event: 'connection_lost',
          connection,
          cause: ending.cause,
          detail: ending.detail,
        })
      },
      noticed: (effect, connection) => this.#noticed(effect, connection),
    }
  }

  /** Markets let go whose end the exchange never acknowledged: their connection is gone, and nobody asks for them again. */
  #releaseUnwanted(): void {
    const wanted = new Set(this.markets)
    const markets = this.fold.markets().flatMap(({ ticker }) => (wanted.has(ticker) ? [] : [ticker]))
    if (markets.length > 0) this.#tape.validity(0, { action: 'release', markets, cause: 'admin' })
  }

  #lostBody({ cause, detail, code, heardMs, heard }: Ending, frameStamp: number): ConnectionLostBody {
    const now = this.journal.stamp()
    const proof = heard === 'frame' ? frameStamp : Math.floor(Math.max(0, now - (performance.now() - heardMs) * 1e6))
    return {
      cause,
      detail,
      ...(code === undefined ? {} : { code }),
      lastProofNs: this.#tape.unixNs(proof),
      lastProofKind: heard,
    }
  }

  #noticed(effect: Effect, connection: number | undefined): void {
    if (effect.kind === 'settle_orientation' && connection !== undefined) {
      this.#tape.validity(connection, { action: 'settle_orientation', cause: 'snapshot_timeout' })
    }
    if (effect.kind === 'wire_changed' && connection !== undefined) {
      const { what: detail, markets } = effect
      this.#tape.validity(connection, { action: 'doubt', markets, cause: 'wire_changed', detail })
    }
    if (effect.kind === 'wire_sound' && connection !== undefined) {
      this.#tape.validity(connection, { action: 'wire_sound', cause: 'wire_changed' })
    }
    if (effect.kind === 'settle_audits' && connection !== undefined) {
      this.#tape.validity(connection, { action: 'settle_audits', markets: effect.markets, cause: 'snapshot_timeout' })
    }
    if (effect.kind === 'dropped_markets' && effect.markets.length > 0) {
      this.#tape.validity(connection ?? 0, { action: 'release', markets: effect.markets, cause: 'dropped' })
    }
    if (effect.kind === 'close') this.#refusal = hintFor(effect.detail)?.text ?? effect.detail
    tellEffect(this.#options.log, effect, connection)
  }

  #tick(): void {
    const nowMs = performance.now()
    this.#tape.payOwed()
    this.audits.write(this.#tape)
    this.#changeRoom(this.#room.look(this.#free, this.journal.bufferedBytes, nowMs))
    if (!this.#room.isFull) {
      if (this.#restLeftOut > 0 && this.#backpressure.state === 'flowing') this.#tellRestLeftOut()
      this.#relieve(this.#backpressure.check(this.journal.bufferedBytes, nowMs))
    }
    for (const link of this.#links) link.tick(this.#bookSeqOf(link))
    this.#checkpointer.tick()
    this.#repeats.tell()
    this.#rates.tick(this.fold.counts.frames, nowMs)
    if (this.journal.epoch !== this.#clockEpoch) {
      this.#clockEpoch = this.journal.epoch
      this.age.clockStepped()
    }
    if (this.age.tick(nowMs)) this.#replaceAged(nowMs)
  }

  /**
   * Breaks, then makes: a market follows one subscription at a time, in the fold and in every reader of the journal, and two of
   * one market would need a rule for whose frames count. The hole is told with its cause and ends with the fresh snapshots.
   */
  #replaceAged(nowMs: number): void {
    if (this.#backpressure.state !== 'flowing' || this.#paused !== undefined) return
    const connections = this.#links
      .filter(({ session }) => session.markets.size > 0)
      .map((key) => {
        const age = key.connection === undefined ? undefined : this.age.of(key.connection)
        return { key, isWhole: key.session.state === 'live', climbMs: age?.trend.climbMs ?? 0, age }
      })
    const next = this.#replacement.next(connections, nowMs)
    const age = next === undefined ? undefined : this.age.of(next.key.connection ?? 0)
    if (next === undefined || age === undefined) return
    const { recent, trend } = age
    const detail =
      `messages are ${Math.round(next.climbMs)} ms older than at best: p50 ${Math.round(recent.p50Ms)} ms, ` +
      `${Math.round(trend.msPerMinute)} ms more each minute`
    next.key.act((session, now) => session.replace(detail, now))
  }

  #tellRestLeftOut(): void {
    const count = this.#restLeftOut
    this.#restLeftOut = 0
    this.note(`${count} REST exchanges were left out for want of room`, { event: 'rest_left_out', count })
    this.#options.log.warn({ event: 'rest_left_out', count })
  }

  #bookSeqOf({ connection, session }: ExchangeLink): number | undefined {
    if (connection === undefined || session.bookSid === undefined) return undefined
    return this.fold.connection(connection)?.subscription(session.bookSid)?.last
  }

  /** The disk is full: books live on without the journal. Or it has room: the journal goes on, and every book is asked for. */
  #changeRoom(change: RoomChange): void {
    const { log } = this.#options
    const { freeBytes } = this.#free ?? {}
    if (change === 'full') {
      log.error({ event: 'disk_full', freeBytes, bufferedBytes: this.journal.bufferedBytes }, DISK_FULL_TEXT)
      this.#tape.cut()
      this.#relieve(this.#backpressure.release(performance.now()))
    }
    if (change !== 'room') return
    const { sinceMs = 0, frames = 0 } = this.#tape.cutOff ?? {}
    log.warn({ event: 'disk_has_room', freeBytes, forMs: Date.now() - sinceMs, framesUnrecorded: frames })
    this.#tape.goOn(this.session)
    for (const link of this.#links) link.act((session, nowMs) => session.resync([...session.markets], nowMs))
  }

  #relieve(relief: Relief): void {
    if (relief === undefined) return
    this.#options.log.warn({ event: 'backpressure', relief, bufferedBytes: this.journal.bufferedBytes })
    for (const link of this.#links) {
      if (relief === 'pause') link.pause()
      if (relief === 'resume') link.resume()
      if (relief === 'stall') link.act((session, now) => session.full(now))
      if (relief === 'room') {
        link.resume()
        link.act((session, now) => session.room(now))
      }
    }
  }
}

const DISK_FULL_TEXT =
  'the disk is full: frames reach the books and are not recorded. Make room; the recording then goes on by itself'

/** Markets that may be asked for, and what is wrong with the others. */
export function checkTickers(markets: readonly string[]): { good: string[]; bad: string[] } {
  return { good: markets.filter(isTicker), bad: markets.filter((each) => !isTicker(each)) }
}
