/**
 * Faults of single frames: what a bad wire or a changed exchange does. They are planned by a frame's number on its
 * connection, drawn by rates, or come from a spec; each that happens is told.
 *
 * A frame that is dropped or spoilt has taken its seq, so the client sees a hole, as it should.
 */
import type { FaultAccount } from '../faults/fault-account.ts'
import type { FrameFaultName } from '../faults/fault-kinds.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { CHANNEL_OF_TYPE, type Channel, type Envelope } from './protocol.ts'

export const FRAME_FAULTS = ['drop', 'duplicate', 'reorder', 'malformed', 'unknown_field', 'unknown_type'] as const
export type FrameFaultKind = (typeof FRAME_FAULTS)[number]

export type FrameFault = {
  readonly kind: FrameFaultKind
  /** The frame's number on its connection, from 1, all types counted. */
  readonly frame: number
  /** Only on this connection; every one when left out. */
  readonly connection?: number
}

/** Chances in 0 … 1 for each frame of a market; drawn from the exchange's seed. */
export type FaultRates = { readonly drop?: number; readonly duplicate?: number }

export type OutgoingFrame = { readonly type: string; readonly text: string }

/** What leaves instead of this frame: nothing, the frame changed, or the frame twice. One to be overtaken is as it was; `reorder` is the way's. */
export function spoil(frame: OutgoingFrame, kind: FrameFaultKind): readonly OutgoingFrame[] {
  switch (kind) {
    case 'drop':
      return []
    case 'duplicate':
      return [frame, frame]
    case 'reorder':
      return [frame]
    case 'malformed':
      return [{ type: 'malformed', text: frame.text.slice(0, Math.floor(frame.text.length / 2)) }]
    case 'unknown_field':
      return [{ type: frame.type, text: frame.text.replace('{', '{"field_of_tomorrow":{"version":2},') }]
    case 'unknown_type':
      return [
        { type: 'type_of_tomorrow', text: frame.text.replace(`"type":"${frame.type}"`, '"type":"type_of_tomorrow"') },
      ]
  }
}

/** The faults planned, drawn and specified for the frames of every connection. */
export class FrameFaults {
  readonly #planned: FrameFault[]
  readonly #rates: FaultRates
  readonly #unit: () => number
  readonly #plan: FaultPlan
  readonly #account: FaultAccount

  constructor(
    options: { readonly frameFaults: readonly FrameFault[]; readonly faultRates: FaultRates },
    unit: () => number,
    plan: FaultPlan,
    account: FaultAccount,
  ) {
    this.#planned = [...options.frameFaults]
    this.#rates = options.faultRates
    this.#unit = unit
    this.#plan = plan
    this.#account = account
  }

  plan(fault: FrameFault): void {
    this.#planned.push(fault)
  }

  /** The fault of this frame, told in the account; `undefined` for none. Asked once for each frame of a connection. */
  faultOf(connection: number, frame: number, envelope: Envelope): FrameFaultKind | undefined {
    const kind = this.#find(connection, frame, envelope)
    if (kind === undefined) return undefined
    const { type, sid, seq } = envelope
    const market = marketOf(envelope)
    this.#account.add(kind.replace('_', '-') as FrameFaultName, {
      connection,
      frame,
      type,
      ...(sid === undefined ? {} : { sid }),
      ...(seq === undefined ? {} : { seq }),
      ...(market === undefined ? {} : { market }),
    })
    return kind
  }

  /** How long a frame of this connection is held back now, in ms; `openedMs` counts as {@link FaultAccount.elapsedMs} does. */
  latenessMs(connection: number, openedMs: number): number {
    return this.#plan.latenessMs(connection, openedMs, this.#account.elapsedMs)
  }

  #find(connection: number, frame: number, envelope: Envelope): FrameFaultKind | undefined {
    for (const fault of this.#planned) {
      if (fault.frame === frame && (fault.connection ?? connection) === connection) return fault.kind
    }
    if (!isData(envelope)) return undefined
    const channel = channelOf(envelope)
    const view = { connection, frame, channel, market: () => marketOf(envelope) }
    const found = this.#plan.frameFaultOf(view, this.#account.elapsedMs)
    if (found !== undefined) return found.name.replace('-', '_') as FrameFaultKind
    if (this.#rates.drop !== undefined && this.#unit() < this.#rates.drop) return 'drop'
    if (this.#rates.duplicate !== undefined && this.#unit() < this.#rates.duplicate) return 'duplicate'
    return undefined
  }
}

/** Frames of a subscription that are no answers. */
const isData = ({ sid, type }: Envelope): boolean =>
  sid !== undefined && type !== 'ok' && type !== 'error' && type !== 'unsubscribed'

const channelOf = ({ type }: Envelope): Channel | undefined =>
  CHANNEL_OF_TYPE.get(type) ?? (type.startsWith('cfbenchmarks_value') ? 'cfbenchmarks_value' : undefined)

const marketOf = ({ msg }: Envelope): string | undefined => /"market_ticker":"([^"]*)"/.exec(msg ?? '')?.[1]
