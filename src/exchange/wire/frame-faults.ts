/**
 * Faults of single frames, planned by their number on a connection: what a bad wire or a changed exchange does.
 *
 * A frame that is dropped or spoilt has taken its seq, so the client sees a hole, as it should.
 */
export const FRAME_FAULTS = ['drop', 'duplicate', 'malformed', 'unknown_field', 'unknown_type'] as const
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

/** What leaves instead of this frame: nothing, the frame changed, or the frame twice. */
export function spoil(frame: OutgoingFrame, kind: FrameFaultKind): readonly OutgoingFrame[] {
  switch (kind) {
    case 'drop':
      return []
    case 'duplicate':
      return [frame, frame]
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

/** The faults planned, and the chances drawn, for the frames of every connection. */
export class FrameFaults {
  readonly #planned: FrameFault[]
  readonly #rates: FaultRates
  readonly #unit: () => number

  constructor(planned: readonly FrameFault[], rates: FaultRates, unit: () => number) {
    this.#planned = [...planned]
    this.#rates = rates
    this.#unit = unit
  }

  plan(fault: FrameFault): void {
    this.#planned.push(fault)
  }

  /** The fault of this frame; `undefined` for none. */
  faultOf(connection: number, frame: number, isMarketData: boolean): FrameFaultKind | undefined {
    for (const fault of this.#planned) {
      if (fault.frame === frame && (fault.connection ?? connection) === connection) return fault.kind
    }
    if (!isMarketData) return undefined
    if (this.#rates.drop !== undefined && this.#unit() < this.#rates.drop) return 'drop'
    if (this.#rates.duplicate !== undefined && this.#unit() < this.#rates.duplicate) return 'duplicate'
    return undefined
  }
}
