/**
 * Carries out the faults of a plan that go by the clock, in real time: sets switches, acts on connections that are open at
 * that moment, and tells each in the account. A fault that finds nobody is told too. What is decided frame by frame or
 * command by command is asked of the plan where that happens.
 */
import type { Venue } from '../venue.ts'
import type { Connection } from '../wire/connection.ts'
import type { ExchangeFaults, FaultSwitches, OpenConnections } from '../wire/faults-by-hand.ts'
import type { ErrorCode } from '../wire/protocol.ts'
import type { FaultAccount } from './fault-account.ts'
import { type FaultPlan, type Moment, momentsOf } from './fault-plan.ts'
import type { Fault } from './fault-spec.ts'

export type FaultPlayerOptions = {
  readonly plan: FaultPlan
  readonly account: FaultAccount
  readonly faults: ExchangeFaults
  readonly switches: FaultSwitches
  readonly open: OpenConnections
  readonly venue: Venue
}

/** Close code of a maintenance: the service restarts (RFC 6455 registry). Kalshi's own is unconfirmed live. */
const SERVICE_RESTART = 1012

export class FaultPlayer {
  readonly #options: FaultPlayerOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Connections that a stall holds. */
  readonly #stalled = new Map<Fault, readonly number[]>()

  /** What holds from the start is set at once; all else waits for {@link start}. */
  constructor(options: FaultPlayerOptions) {
    this.#options = options
    for (const fault of options.plan.timed) if (!fault.when.isGiven) this.#carryOut(fault, 'begin')
  }

  /** The first connection opened: times count from now. */
  start(): void {
    for (const fault of this.#options.plan.timed) if (fault.when.isGiven) this.#follow(fault, momentsOf(fault))
    for (const fault of this.#options.plan.faults) if (fault.name === 'late') this.#followLate(fault)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #follow(fault: Fault, moments: Iterator<Moment>): void {
    const { done, value } = moments.next()
    if (done === true) return
    this.#at(value.atMs, () => {
      this.#carryOut(fault, value.phase)
      this.#follow(fault, moments)
    })
  }

  /** The lateness itself follows from the plan, frame by frame; here it is told when it begins and ends. */
  #followLate({ when, text }: Fault): void {
    const tell = (phase: 'begin' | 'end') => this.#options.account.add('late', { phase, detail: text })
    this.#at(when.atMs, () => tell('begin'))
    if (when.untilMs !== Number.POSITIVE_INFINITY) this.#at(when.untilMs, () => tell('end'))
  }

  #at(atMs: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        act()
      },
      Math.max(0, atMs - this.#options.account.elapsedMs),
    )
    this.#timers.add(timer)
  }

  #carryOut(fault: Fault, phase: Moment['phase']): void {
    const { account, faults, switches, venue } = this.#options
    const { name, text, value, target } = fault
    const amount = value?.amount ?? 0
    const tell = (fields: Parameters<FaultAccount['add']>[1] = {}) => account.add(name, { detail: text, ...fields })
    const on = phase === 'begin'
    switch (name) {
      case 'stall':
        if (on) this.#stall(fault)
        else this.#resume(fault)
        break
      case 'half-open':
        this.#onEach(fault, undefined, ({ id }) => faults.halfOpen(id))
        break
      case 'cut':
        this.#onEach(fault, undefined, ({ id }) => faults.cut(id, 'terminate'))
        break
      case 'error':
        this.#onEach(fault, undefined, (connection) => {
          for (const sid of connection.sids(target.channel)) faults.sendError(connection.id, sid, amount as ErrorCode)
        })
        break
      case '429':
        switches.tooMany += amount
        break
      case 'maintenance':
        switches.maintenanceUntilMs = on ? Date.now() + amount : undefined
        tell({ phase })
        if (on)
          for (const id of [...this.#options.open.keys()])
            faults.cut(id, { code: SERVICE_RESTART, reason: 'maintenance' })
        break
      case 'skew':
        // A clock that is off from the start was so before the venue began to stamp by it: start.ts.
        if (fault.when.isGiven) switches.skewMs += on ? amount : -amount
        tell({ phase })
        break
      case 'flip':
        switches.isFlipped = on
        tell({ phase })
        break
      case 'grid': {
        const market = venue.refineGrid(target.market)
        tell(market === undefined ? { missed: true } : { market })
        break
      }
      default:
        break
    }
  }

  #stall(fault: Fault): void {
    const ids: number[] = []
    this.#onEach(fault, 'begin', ({ id }) => {
      ids.push(id)
      this.#options.faults.stall(id)
    })
    this.#stalled.set(fault, ids)
  }

  /** A connection that another stall holds as well stays so. */
  #resume(fault: Fault): void {
    const ids = this.#stalled.get(fault) ?? []
    this.#stalled.delete(fault)
    const others = new Set([...this.#stalled.values()].flat())
    for (const id of ids) {
      if (!others.has(id) && this.#options.faults.resume(id))
        this.#options.account.add('stall', { phase: 'end', connection: id, detail: fault.text })
    }
  }

  /** Acts on every open connection that is meant; tells each, or that there was none. */
  #onEach(fault: Fault, phase: Moment['phase'] | undefined, act: (connection: Connection) => unknown): void {
    const { account, open } = this.#options
    const meant = [...open.values()].filter(({ connection }) => isAimedAt(fault, connection.id))
    const told = { ...(phase === undefined ? {} : { phase }), detail: fault.text }
    if (meant.length === 0) account.add(fault.name, { ...told, missed: true })
    for (const { connection } of meant) {
      act(connection)
      account.add(fault.name, { ...told, connection: connection.id })
    }
  }
}

const isAimedAt = ({ target }: Fault, connection: number): boolean => (target.connection ?? connection) === connection
