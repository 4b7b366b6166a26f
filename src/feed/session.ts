/**
 * One connection's decisions: when to connect, what to subscribe, what to ask for again, when to give the socket up.
 *
 * Pure: events and the time go in, {@link Effect}s come out, and the shell (src/kalshi) carries them out. It never
 * answers a frame with a subscribe, sends one `subscribe` for each channel and connection, and repairs a sequence break
 * on the living connection once; a second break before the books are whole again, a terminal error or silence means a
 * new connection. Books are not kept here: the fold tells which are proven.
 */
import type { Command } from '#codec'
import type { LostCause } from '#domain'
import type { Audited } from './audit.ts'
import { AuditRound } from './audit-round.ts'
import { Backoff } from './backoff.ts'
import { CommandQueue, type Pending } from './command-queue.ts'
import { errorAction } from './error-codes.ts'
import type { ControlFrame } from './listener.ts'
import type { DoubtCause } from './market.ts'
import { Reread } from './reread.ts'
import { Resync } from './resync.ts'
import { hasSocket, isOpen, type SessionEvent, type SessionState, TRANSITIONS } from './session-state.ts'
import { BOOKS, type PlanOptions, SubscriptionPlan } from './subscription-plan.ts'
import { type BestBid, Units } from './units.ts'
import { WINDOW_MS, type WireChange, WireDrift } from './wire-drift.ts'

export type Effect =
  | { readonly kind: 'open' }
  | { readonly kind: 'send'; readonly text: string }
  | { readonly kind: 'close'; readonly cause: LostCause; readonly detail: string }
  /** Markets asked for will not all answer: judge the orientation by the books at hand. */
  | { readonly kind: 'settle_orientation' }
  | { readonly kind: 'state'; readonly from: SessionState; readonly to: SessionState; readonly waitMs: number }
  | {
      readonly kind: 'refused_command'
      readonly command: Command | undefined
      readonly code: number
      readonly message: string
    }
  | {
      readonly kind: 'dropped_markets'
      readonly markets: readonly string[]
      readonly reason: 'market_limit' | 'unknown_market' | 'refused'
    }
  | { readonly kind: 'missing_snapshots'; readonly markets: readonly string[] }
  /** The wire itself has changed: these books are not believed, and nothing but trials is asked for. */
  | { readonly kind: 'wire_changed'; readonly what: string; readonly markets: readonly string[] }
  | { readonly kind: 'wire_sound'; readonly afterMs: number }
  /** Audits whose answer, or whose explanation, did not come in time. */
  | { readonly kind: 'settle_audits'; readonly markets: readonly string[] }
  /** Markets that do not answer: in doubt, asked again ever more rarely. */
  | { readonly kind: 'silent_markets'; readonly markets: readonly string[] }

export type SessionOptions = PlanOptions & {
  /** In [0, 1). */
  readonly random: () => number
  /** Nothing heard for this long, neither ping nor frame: the connection is dead. */
  readonly pingSilenceMs: number
  /** Within which every proven book is audited; 0 audits none. */
  readonly auditMs?: number
}

/** Opening a socket, handshake included. */
export const CONNECT_MS_MAX = 15_000
/** After the last answer: how long first snapshots may take before the missing ones are asked for by name. */
export const SNAPSHOT_MS_MAX = 10_000
/** Between two attempts, however often an operator pauses and resumes. */
export const RESUME_MS_MIN = 1_000
/** Every open market is audited at least hourly. */
export const AUDIT_MS = 3_600_000
/** From the open socket, or a change of markets, to the last answer. 5,000 markets took well under a second on loopback. */
const SUBSCRIBE_MS_MAX = 60_000

/** Doubts that the wire may be to blame for, when many books have them; of malformed frames the field is told apart. */
const DRIFTING: ReadonlySet<DoubtCause> = new Set(['negative_size', 'crossed', 'audit_mismatch'])

export class Session {
  #state: SessionState = 'idle'
  #sinceMs = 0
  #effects: Effect[] = []
  readonly #options: SessionOptions
  readonly #backoff: Backoff
  readonly #commands = new CommandQueue((command) => this.#plan.stillMeant(command))
  readonly #resync = new Resync()
  readonly #reread = new Reread()
  readonly #audits: AuditRound
  readonly #drift = new WireDrift()
  readonly #units = new Units()
  readonly #plan: SubscriptionPlan
  /** A sequence break is being repaired: a second one means a new connection. */
  #isRepairing = false
  /** Markets that answered on this connection. */
  readonly #answered = new Set<string>()
  /** The last number of the order-book sid at the first tick after snapshots were asked for; `unmarked` until then. */
  #seqAfterAsk: number | undefined | 'unmarked'
  #hasAskedAgain = false
  #heardMs = 0
  #waitUntilMs = 0
  /** When a connection was tried last. */
  #openedMs = Number.NEGATIVE_INFINITY
  #attempts = 0
  /** When a connection was given up for its audits last. */
  #renewedMs = Number.NEGATIVE_INFINITY

  constructor(options: SessionOptions) {
    this.#options = options
    this.#plan = new SubscriptionPlan(options)
    this.#backoff = new Backoff(options.random)
    this.#audits = new AuditRound(options.auditMs ?? AUDIT_MS)
  }

  get state(): SessionState {
    return this.#state
  }

  /** When the state was entered, in the time handed in. */
  get sinceMs(): number {
    return this.#sinceMs
  }

  /** Connections tried. */
  get attempts(): number {
    return this.#attempts
  }

  get markets(): ReadonlySet<string> {
    return this.#plan.wanted
  }

  /** Markets asked for on this connection that are not proven. */
  get unproven(): number {
    return this.#plan.unproven.size + this.#resync.size
  }

  /** The audits of this connection. */
  get audits(): AuditRound {
    return this.#audits
  }

  /** What has changed on the wire of this connection, while it is so. */
  get wireChange(): WireChange | undefined {
    return this.#drift.change
  }

  /** Whether the units of this connection’s books were held against its tickers. */
  get hasCheckedUnits(): boolean {
    return this.#units.isChecked
  }

  get bookSid(): number | undefined {
    return this.#plan.bookSid
  }

  /** Whether {@link takeEffects} has anything. */
  get hasEffects(): boolean {
    return this.#effects.length > 0
  }

  /** What is to be done, in order. The shell takes it after each call. */
  takeEffects(): Effect[] {
    const effects = this.#effects
    if (effects.length > 0) this.#effects = []
    return effects
  }

  start(nowMs: number): void {
    if (this.#move('start', nowMs)) this.#open(nowMs)
  }

  opened(nowMs: number): void {
    if (!this.#move('opened', nowMs)) return
    this.#heardMs = nowMs
    this.#plan.begin()
    this.#pump(nowMs)
  }

  /** The handshake was refused, or the socket could not be opened. */
  refused(
    nowMs: number,
    answer: { readonly status?: number; readonly retryAfterMs?: number; readonly detail: string },
  ): void {
    const tooMany = answer.status === 429 ? { retryAfterMs: answer.retryAfterMs } : undefined
    this.#lose('refused', answer.detail, nowMs, tooMany)
  }

  /** The socket closed under us. */
  disconnected(nowMs: number, detail: string): void {
    this.#lose('disconnect', detail, nowMs)
  }

  /** A sign of life: a ping, or bytes. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs
  }

  control(frame: ControlFrame, nowMs: number): void {
    if (!isOpen(this.#state)) return
    this.#heardMs = nowMs
    switch (frame.type) {
      case 'subscribed':
        this.#subscribed(frame.channel, frame.sid, frame.id)
        break
      case 'error':
        this.#error(frame, nowMs)
        break
      case 'unsubscribed':
        this.#commands.answer(frame.id)
        if (frame.sid !== undefined && this.#plan.hasSid(frame.sid)) {
          this.#lose('terminal_error', `sid ${frame.sid} was unsubscribed`, nowMs)
        }
        break
      case 'ok':
      case 'list':
        this.#commands.answer(frame.id)
        break
    }
    this.#pump(nowMs)
  }

  /** The fold saw numbers missed on a subscription of this connection. */
  broken(channel: string, nowMs: number): void {
    if (channel !== BOOKS || !isOpen(this.#state)) return
    if (this.#isRepairing) {
      this.#lose('sequence_break', 'a second sequence break before the books were whole again', nowMs)
      return
    }
    this.#isRepairing = true
    this.#pump(nowMs)
  }

  /** A proven book of this connection is in doubt. */
  doubted(market: string, cause: DoubtCause, nowMs: number): void {
    if (!isOpen(this.#state) || !this.#plan.wanted.has(market)) return
    if (cause === 'unsubscribed' || cause === 'connection_lost' || cause === 'terminal_error') return
    this.#audits.drop(market)
    const isAudit = cause === 'audit_mismatch'
    if (DRIFTING.has(cause) && this.#drift.failed(cause, market, nowMs, isAudit)) {
      if (isAudit && this.#renew(nowMs)) return
      this.#wireChanged(this.#drift.faulty(cause))
    }
    this.#resync.want(market, cause !== 'sequence_break' && cause !== 'wire_changed', nowMs)
    this.#move('doubted', nowMs)
  }

  /** A subscription's count began anew: only a new connection helps. */
  fellBack(channel: string, nowMs: number): void {
    if (channel === BOOKS) this.#lose('sequence_break', 'the count of the subscription began anew', nowMs)
  }

  /** A market's frame cannot be read: were it the answer awaited, the market is asked again later and holds up nobody. */
  unreadable(market: string, nowMs: number, at?: string): void {
    if (!isOpen(this.#state) || !this.#plan.wanted.has(market)) return
    const isAnswer = this.#plan.unproven.delete(market) || this.#resync.unanswered.has(market)
    if (isAnswer) this.#resync.setAside(market, nowMs)
    const what = `malformed ${at}`
    if (at !== undefined && this.#drift.failed(what, market, nowMs, isAnswer))
      this.#wireChanged(this.#drift.faulty(what))
    if (isAnswer) this.#settle(nowMs)
  }

  /** A frame cannot be read that may have been about any book. */
  unreadableAll(nowMs: number, at: string): void {
    if (!isOpen(this.#state)) return
    if (this.#drift.failedAll(`malformed ${at}`, nowMs)) this.#wireChanged([...this.#plan.wanted])
  }

  /** A frame of a type that we do not read came on the order-book channel: one a market there may be a book's. */
  unread(type: string, nowMs: number): void {
    if (isOpen(this.#state)) this.#drift.unread(`type ${type}`, nowMs)
  }

  /** A ticker told the best YES bid of a market; `ours` where our book is held for right. */
  quoted(market: string, theirs: BestBid, ours: BestBid | undefined, nowMs: number): void {
    if (!isOpen(this.#state) || !this.#plan.wanted.has(market)) return
    this.#units.told(market, theirs, ours)
    this.#checkUnits(nowMs)
  }

  /** A market that the exchange had said it does not know sends deltas. */
  stirred(market: string, nowMs: number): void {
    if (isOpen(this.#state) && this.#plan.wanted.has(market)) this.#resync.want(market, true, nowMs)
  }

  /** A book has its snapshot, or the exchange said that it does not know the market. */
  answered(market: string, nowMs: number): void {
    this.#plan.unproven.delete(market)
    this.#resync.settle(market)
    this.#answered.add(market)
    this.#settle(nowMs)
  }

  /** A book was proven by its snapshot. */
  proven(market: string, nowMs: number, ours?: BestBid): void {
    this.answered(market, nowMs)
    if (!this.#plan.wanted.has(market)) return
    this.#audits.proven(market, nowMs)
    this.#drift.proven(market, nowMs)
    if (ours === undefined) return
    this.#units.proven(market, ours)
    if (this.#checkUnits(nowMs)) return
    // On trial, and still in other units: it is not believed for a moment.
    if (this.#units.wrong !== undefined) this.#wireChanged([market])
  }

  /** An answer differs from our book, and what follows may explain it. */
  differs(market: string, nowMs: number): void {
    if (isOpen(this.#state)) this.#audits.differs(market, nowMs)
  }

  /** A book was compared with the exchange's. A mismatch is told by {@link doubted} too. */
  audited(market: string, { result }: Pick<Audited, 'result'>, nowMs: number): void {
    if (result !== 'offset') return
    this.answered(market, nowMs)
    this.#audits.offset(market, nowMs)
  }

  /** Adds and removes markets on the living connection, without tearing down a sid. */
  change({ add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] }, nowMs: number): void {
    const plan = this.#plan
    const fresh = plan.add(add)
    const gone = plan.remove(remove)
    for (const each of gone) {
      this.#resync.settle(each)
      this.#audits.drop(each)
      this.#drift.drop(each)
      this.#units.drop(each)
    }
    if (!isOpen(this.#state) || fresh.length + gone.length === 0) return
    plan.enqueue(fresh)
    this.#move('changed', nowMs)
    this.#pump(nowMs)
  }

  /** The connection's orientation was judged. `doubtful`: the markets that say it is wrong, while they are few. */
  oriented(doubtful: readonly string[], nowMs: number): void {
    if (isOpen(this.#state)) this.#reread.judged(doubtful, nowMs)
  }

  /** Asks for a market's book again, by command of a person. */
  resync(markets: readonly string[], nowMs: number): void {
    if (!isOpen(this.#state)) return
    for (const market of markets) if (this.#plan.wanted.has(market)) this.#resync.hurry(market, nowMs)
    this.#pump(nowMs)
  }

  /** Its messages grew old: a new connection is made at once, and the hole between the two has its cause. */
  replace(detail: string, nowMs: number): void {
    if (isOpen(this.#state)) this.#lose('message_age', detail, nowMs)
  }

  /** Our own journal is full: let the connection go until there is room. */
  full(nowMs: number): void {
    const had = hasSocket(this.#state)
    if (!this.#move('full', nowMs)) return
    this.#forgetConnection()
    if (had)
      this.#effects.push({ kind: 'close', cause: 'own_backpressure', detail: 'the journal’s buffer stayed full' })
  }

  /**
   * There is room again: the next attempt comes after a wait, since what filled it may have been the last one, and not
   * before the time that the exchange may have asked for.
   */
  room(nowMs: number): void {
    const waitMs = Math.max(this.#backoff.next(), this.#waitUntilMs - nowMs)
    if (this.#move('room', nowMs, waitMs)) this.#waitUntilMs = nowMs + waitMs
  }

  /** An operator wants nothing recorded: the connection is let go until {@link resume}. */
  pause(nowMs: number): void {
    const had = hasSocket(this.#state)
    if (!this.#move('pause', nowMs)) return
    this.#forgetConnection()
    if (had) this.#effects.push({ kind: 'close', cause: 'paused', detail: 'paused by an operator' })
  }

  /**
   * Connects again at the next tick, but not before the time that the exchange may have asked for, and not again and again
   * within a second.
   */
  resume(nowMs: number): void {
    const waitMs = Math.max(0, this.#waitUntilMs - nowMs, this.#openedMs + RESUME_MS_MIN - nowMs)
    if (this.#move('resume', nowMs, waitMs)) this.#waitUntilMs = nowMs + waitMs
  }

  stop(nowMs: number): void {
    const had = hasSocket(this.#state)
    if (!this.#move('stop', nowMs)) return
    this.#forgetConnection()
    if (had) this.#effects.push({ kind: 'close', cause: 'stopped', detail: 'asked to stop' })
  }

  /**
   * Time passes: called several times a second. `isPaused` says that we ourselves do not read the socket now: silence
   * then does not count. `bookSeq` is the last number of the order-book sid: that it moves shows that the sid is alive.
   */
  tick(nowMs: number, isPaused = false, bookSeq?: number): void {
    if (isPaused) this.#heardMs = nowMs
    if (this.#state === 'waiting' && nowMs >= this.#waitUntilMs && this.#move('waited', nowMs)) {
      this.#open(nowMs)
      return
    }
    if (this.#state === 'connecting' && nowMs - this.#sinceMs > CONNECT_MS_MAX) {
      this.#lose('refused', `no connection within ${CONNECT_MS_MAX} ms`, nowMs)
      return
    }
    if (!isOpen(this.#state)) return
    if (nowMs - this.#heardMs > this.#options.pingSilenceMs) {
      this.#lose('ping_silence', `nothing heard for ${this.#options.pingSilenceMs} ms`, nowMs)
      return
    }
    const overdue = this.#commands.overdue(nowMs)
    if (overdue !== undefined) {
      this.#lose('subscribe_timeout', `no answer to ${overdue.cmd}`, nowMs)
      return
    }
    if (this.#state === 'subscribing' && nowMs - this.#sinceMs > SUBSCRIBE_MS_MAX) {
      this.#lose('subscribe_timeout', `not subscribed within ${SUBSCRIBE_MS_MAX} ms`, nowMs)
      return
    }
    if (this.#seqAfterAsk === 'unmarked') this.#seqAfterAsk = bookSeq
    if (this.#drift.counted(bookSeq, nowMs)) this.#wireChanged([...this.#plan.wanted])
    if (this.#resync.isOverdue(nowMs) && !this.#setSilentAside(nowMs, bookSeq)) return
    this.#askAgain(nowMs)
    const unsettled = this.#audits.overdue(nowMs)
    if (unsettled.length > 0) this.#effects.push({ kind: 'settle_audits', markets: unsettled })
    for (const market of this.#reread.take(nowMs)) if (this.#plan.wanted.has(market)) this.#resync.hurry(market, nowMs)
    this.#pump(nowMs)
  }

  /**
   * Snapshots asked for did not come. Markets that never answered here, or that stay silent while others do, are set aside:
   * a settled market subscribes and streams nothing. A sid on which nothing at all came is dead, and so the connection.
   */
  #setSilentAside(nowMs: number, bookSeq: number | undefined): boolean {
    const silent = [...this.#resync.unanswered]
    const isAlive = this.#resync.isPartlyAnswered || bookSeq !== this.#seqAfterAsk
    if (!isAlive && silent.some((each) => this.#answered.has(each))) {
      this.#lose('resync_timeout', 'snapshots asked for did not come', nowMs)
      return false
    }
    for (const market of silent) {
      this.#plan.unproven.delete(market)
      this.#resync.setAside(market, nowMs)
    }
    this.#effects.push({ kind: 'silent_markets', markets: silent })
    return true
  }

  /** Asks once by name for first snapshots that did not come with the subscription. */
  #askAgain(nowMs: number): void {
    if (this.#state !== 'proving' || this.#hasAskedAgain || nowMs - this.#sinceMs < SNAPSHOT_MS_MAX) return
    this.#hasAskedAgain = true
    this.#effects.push({ kind: 'missing_snapshots', markets: [...this.#plan.unproven] }, { kind: 'settle_orientation' })
    for (const market of this.#plan.unproven) this.#resync.want(market, false, nowMs)
  }

  #subscribed(channel: string, sid: number, id: number | undefined): void {
    this.#plan.subscribed(channel, sid)
    const pending = this.#commands.peek(id)
    if (pending?.command.cmd === 'subscribe' && pending.command.channel === channel) this.#commands.answer(id)
  }

  #error(frame: ControlFrame & { type: 'error' }, nowMs: number): void {
    const action = errorAction(frame.code)
    if (action === 'reconnect') {
      this.#lose('terminal_error', `error ${frame.code} ${frame.message}`, nowMs)
      return
    }
    const pending = this.#commands.answer(frame.id)
    if (pending === undefined) {
      // It names no command of ours: it is told, and the command it may have meant runs into its time limit.
      this.#effects.push({ kind: 'refused_command', command: undefined, code: frame.code, message: frame.message })
      return
    }
    if (action === 'accept') return
    if (action === 'retry') {
      if (this.#commands.retry(pending, nowMs)) return
      this.#lose(
        'subscribe_timeout',
        `${pending.command.cmd} refused again and again: error ${frame.code} ${frame.message}`,
        nowMs,
      )
      return
    }
    this.#giveUp(pending, frame, action === 'market_limit' || action === 'unknown_market' ? action : 'refused', nowMs)
  }

  /** A command will not be repeated. A refused subscribe leaves nothing to live on; refused markets are let go and told. */
  #giveUp(
    { command }: Pending,
    frame: ControlFrame & { type: 'error' },
    reason: 'market_limit' | 'unknown_market' | 'refused',
    nowMs: number,
  ): void {
    this.#effects.push({ kind: 'refused_command', command, code: frame.code, message: frame.message })
    const isBooks =
      command.cmd === 'subscribe' ? command.channel === BOOKS : command.cmd === 'update' && command.sid === this.bookSid
    if (command.cmd === 'subscribe' && !isBooks) this.#plan.refuseChannel(command.channel)
    if (!isBooks) return
    if (command.cmd === 'subscribe' && reason === 'refused') {
      this.#lose('terminal_error', `subscribe refused: ${frame.code} ${frame.message}`, nowMs)
      return
    }
    if (command.cmd === 'update' && command.action !== 'add_markets') {
      if (command.action === 'get_snapshot') this.#refused(command.markets, nowMs)
      return
    }
    const named = frame.markets.length > 0 ? frame.markets : command.cmd === 'update' ? command.markets : []
    this.#plan.drop(named)
    if (command.cmd === 'subscribe') {
      // Without a first subscribe there is no sid to add to: the rest is asked for anew, in smaller pieces.
      this.#plan.shrink()
      this.#lose('terminal_error', `subscribe refused: ${frame.code} ${frame.message}`, nowMs)
      if (named.length === 0) return
    }
    this.#effects.push({ kind: 'dropped_markets', markets: named, reason })
  }

  /** Sends what may be sent, and notices when a stage is complete. */
  #pump(nowMs: number): void {
    if (!isOpen(this.#state)) return
    this.#push(this.#plan.next(this.#commands.isIdle))
    const sid = this.bookSid
    // Taken only when it can go out at once: its pause and its time limit count from its sending.
    const again = sid === undefined || !this.#commands.hasRoom(nowMs) ? [] : this.#next(nowMs)
    if (sid !== undefined && again.length > 0) {
      this.#seqAfterAsk = 'unmarked'
      this.#push([{ cmd: 'update', action: 'get_snapshot', sid, markets: again }])
    }
    this.#audit(nowMs)
    for (const text of this.#commands.take(nowMs)) this.#effects.push({ kind: 'send', text })
    this.#settle(nowMs)
  }

  /** The books to ask for now: what is due, or while the wire has changed what is on trial. */
  #next(nowMs: number): string[] {
    const { change } = this.#drift
    if (change === undefined) return this.#resync.take(nowMs)
    if (!this.#resync.isRested(nowMs)) return []
    if (this.#units.wrong !== undefined) this.#drift.changed(this.#units.wrong, nowMs)
    const trial = this.#drift.next(() => this.#resync.inDoubt(), nowMs)
    if (trial !== 'sound') return trial.length === 0 ? [] : this.#resync.takeOnly(trial, nowMs)
    this.#effects.push({ kind: 'wire_sound', afterMs: nowMs - change.sinceMs })
    return this.#resync.take(nowMs)
  }

  /**
   * Audits of too many books do not match: the subscription does not tell every change, or none, and its snapshots would
   * only hide it. Answers whether a new connection may help; one that was made for the same lately has not.
   */
  #renew(nowMs: number): boolean {
    const isNew = nowMs - this.#renewedMs > WINDOW_MS
    this.#renewedMs = nowMs
    if (isNew) this.#lose('terminal_error', 'audits of too many books do not match: changes are not told', nowMs)
    return isNew
  }

  #checkUnits(nowMs: number): boolean {
    const { wrong } = this.#units
    const isNews = wrong !== undefined && this.#drift.changed(wrong, nowMs)
    if (isNews) this.#wireChanged([...this.#plan.wanted])
    return isNews
  }

  #wireChanged(markets: readonly string[]): void {
    const what = this.#drift.change?.what
    if (what !== undefined) this.#effects.push({ kind: 'wire_changed', what, markets })
  }

  /** Asks for books that are long unproven, while nothing else is to be done. */
  #audit(nowMs: number): void {
    const sid = this.bookSid
    if (this.#state !== 'live' || sid === undefined || !this.#resync.isRested(nowMs)) return
    if (!this.#commands.hasRoom(nowMs)) return
    const markets = this.#audits.take(nowMs)
    if (markets.length === 0) return
    this.#resync.rest(nowMs)
    this.#push([{ cmd: 'update', action: 'get_snapshot', sid, markets }])
  }

  /** A `get_snapshot` was refused. A book that is only audited is proven all the same, and has its turn again. */
  #refused(markets: readonly string[], nowMs: number): void {
    for (const market of markets) if (!this.#audits.isOpen(market)) this.#resync.setAside(market, nowMs)
  }

  #settle(nowMs: number): void {
    if (!isOpen(this.#state)) return
    if (this.#state === 'subscribing' && this.#plan.isAsked && this.#commands.isIdle) {
      this.#hasAskedAgain = false
      this.#move('acknowledged', nowMs)
    }
    if (this.#plan.unproven.size > 0 || this.#resync.isBusy(nowMs) || this.#state !== 'proving') return
    this.#isRepairing = false
    this.#backoff.reset()
    this.#move('proven', nowMs)
  }

  #push(commands: readonly Command[]): void {
    for (const each of commands) this.#commands.push(each)
  }

  #open(nowMs: number): void {
    this.#attempts++
    this.#openedMs = nowMs
    this.#effects.push({ kind: 'open' })
  }

  #lose(
    cause: LostCause,
    detail: string,
    nowMs: number,
    tooMany?: { readonly retryAfterMs: number | undefined },
  ): void {
    if (!hasSocket(this.#state)) return
    const waitMs = this.#backoff.next(tooMany)
    this.#waitUntilMs = nowMs + waitMs
    this.#move('lost', nowMs, waitMs)
    this.#forgetConnection()
    this.#effects.push({ kind: 'close', cause, detail })
  }

  #forgetConnection(): void {
    this.#commands.clear()
    this.#resync.clear()
    this.#reread.clear()
    this.#audits.clear()
    this.#drift.clear()
    this.#units.clear()
    this.#plan.end()
    this.#answered.clear()
    this.#seqAfterAsk = undefined
    this.#isRepairing = false
    this.#hasAskedAgain = false
  }

  /** Moves by the table. Answers whether the state changed. */
  #move(event: SessionEvent, nowMs: number, waitMs = 0): boolean {
    const from = this.#state
    const to = TRANSITIONS[from][event]
    if (to === from) return false
    this.#state = to
    this.#sinceMs = nowMs
    this.#effects.push({ kind: 'state', from, to, waitMs })
    return true
  }
}
