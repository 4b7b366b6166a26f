/**
 * When and to what the faults of a spec happen. Pure: the same spec and seed decide the same for the same frame of the
 * same connection, however frames of different connections come to lie between each other.
 */
import type { Channel } from '../wire/protocol.ts'
import { type FrameFaultName, isFrameFault } from './fault-kinds.ts'
import { type Fault, isTerminalCode } from './fault-spec.ts'
import type { Target } from './spec-values.ts'

/** A frame of data as far as a fault looks at it. */
export type FrameInView = {
  readonly connection: number
  /** Its number on the connection, from 1. */
  readonly frame: number
  readonly channel: Channel | undefined
  /** Asked only where a market is named. */
  readonly market: () => string | undefined
}

export type FaultFound = { readonly name: FrameFaultName; readonly fault: Fault }

/** A moment at which something begins or ends. */
export type Moment = { readonly atMs: number; readonly phase: 'begin' | 'end' }

/** However long a connection lives, frames are held back no longer. */
export const LATE_MS_MAX = 5 * 60_000

export class FaultPlan {
  readonly faults: readonly Fault[]
  readonly #seed: number
  readonly #onFrames: readonly Fault[]
  readonly #lates: readonly Fault[]
  readonly #refusals: readonly Fault[]
  /** Faults that happen once to what comes next: when each is due. */
  readonly #dueMs = new Map<Fault, number>()

  constructor(faults: readonly Fault[], seed: number) {
    this.faults = faults
    this.#seed = seed
    this.#onFrames = faults.filter(({ name }) => isFrameFault(name))
    this.#lates = faults.filter(({ name }) => name === 'late')
    this.#refusals = faults.filter(isRefusal)
    for (const fault of this.#onFrames) if (fault.value === undefined) this.#dueMs.set(fault, fault.when.atMs)
    for (const fault of this.#refusals) if (!isLasting(fault)) this.#dueMs.set(fault, fault.when.atMs)
  }

  /** Faults that begin and end by the clock, not with a frame or a command. */
  get timed(): readonly Fault[] {
    return this.faults.filter((fault) => !isFrameFault(fault.name) && fault.name !== 'late' && !isRefusal(fault))
  }

  /** The error that a subscribe or update on these channels is refused with. Asked once for each, in order. */
  refusalOf(
    connection: number,
    channels: readonly Channel[],
    elapsedMs: number,
  ): { code: number; fault: Fault } | undefined {
    const fault = this.#refusals.find(
      (each) =>
        (each.target.connection ?? connection) === connection &&
        (each.target.channel === undefined || channels.includes(each.target.channel)) &&
        (isLasting(each) ? isWithin(each, elapsedMs) : this.#isDue(each, elapsedMs)),
    )
    return fault === undefined ? undefined : { code: fault.value?.amount ?? 0, fault }
  }

  /** What happens to this frame: the first fault of the spec that meets it. Asked once for each frame, in order. */
  frameFaultOf(frame: FrameInView, elapsedMs: number): FaultFound | undefined {
    for (const [index, fault] of this.#onFrames.entries()) {
      if (!meets(fault.target, frame)) continue
      if (fault.value === undefined ? this.#isDue(fault, elapsedMs) : this.#isDrawn(fault, index, frame, elapsedMs))
        return { name: fault.name as FrameFaultName, fault }
    }
    return undefined
  }

  /** How long a frame of this connection is held back now, in ms. */
  latenessMs(connection: number, openedMs: number, elapsedMs: number): number {
    let lateness = 0
    for (const { value, when, target } of this.#lates) {
      if (target.connection !== undefined && target.connection !== connection) continue
      const forMs = elapsedMs - Math.max(openedMs, when.atMs)
      if (value === undefined || forMs < 0 || elapsedMs >= when.untilMs) continue
      lateness += value.perMs === undefined ? value.amount : (value.amount * forMs) / value.perMs
    }
    return Math.min(lateness, LATE_MS_MAX)
  }

  #isDue(fault: Fault, elapsedMs: number): boolean {
    const dueMs = this.#dueMs.get(fault) ?? Number.POSITIVE_INFINITY
    if (elapsedMs < dueMs) return false
    const { everyMs } = fault.when
    const missed = everyMs === undefined ? 0 : Math.floor((elapsedMs - dueMs) / everyMs)
    this.#dueMs.set(fault, everyMs === undefined ? Number.POSITIVE_INFINITY : dueMs + (missed + 1) * everyMs)
    return true
  }

  #isDrawn(fault: Fault, index: number, { connection, frame }: FrameInView, elapsedMs: number): boolean {
    return isWithin(fault, elapsedMs) && chanceOf(this.#seed, index, connection, frame) < (fault.value?.amount ?? 0)
  }
}

/** An error that answers a command: every code but the two that end a subscription. */
const isRefusal = ({ name, value }: Fault): boolean => name === 'error' && !isTerminalCode(value?.amount ?? 0)

const isLasting = ({ when }: Fault): boolean => when.untilMs !== Number.POSITIVE_INFINITY

const isWithin = ({ when }: Fault, elapsedMs: number): boolean => elapsedMs >= when.atMs && elapsedMs < when.untilMs

/** When a timed fault begins and ends, in order, without end where it repeats. Those that only happen have no end. */
export function* momentsOf({ name, value, when }: Fault): Generator<Moment> {
  const lastsMs = name === 'stall' || name === 'maintenance' ? (value?.amount ?? 0) : when.untilMs - when.atMs
  const hasEnd = lastsMs !== Number.POSITIVE_INFINITY
  for (let atMs = when.atMs; ; atMs += when.everyMs!) {
    yield { atMs, phase: 'begin' }
    if (hasEnd) yield { atMs: atMs + lastsMs, phase: 'end' }
    if (when.everyMs === undefined) return
  }
}

function meets(target: Target, { connection, channel, market }: FrameInView): boolean {
  return (
    (target.connection ?? connection) === connection &&
    (target.channel ?? channel) === channel &&
    (target.market === undefined || target.market === market())
  )
}

/** A number in [0, 1) that follows from the four alone (a finalizer as of MurmurHash3). */
export function chanceOf(seed: number, fault: number, connection: number, frame: number): number {
  let mixed = seed >>> 0
  for (const each of [fault + 1, connection, frame]) {
    mixed = Math.imul(mixed ^ each, 0x85ebca6b) + 0x9e3779b9
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0xc2b2ae35)
    mixed = (mixed ^ (mixed >>> 15)) >>> 0
  }
  return mixed / 4_294_967_296
}
