/**
 * Carries messages to the targets behind everybody's back: one after the other for each target, so that they arrive in
 * order; a dead target holds up itself alone. What finds its queue full drops the oldest there and is counted.
 */
import type { Message } from './message.ts'
import { SEND_LIMITS, type SendLimits, type SendResult, sendMessage } from './send.ts'
import { nameOf, type Target, type TargetKind } from './target.ts'

/** Messages that wait for one target. */
export const WAITING_MAX = 20

export type CourierEvent =
  | ({ readonly kind: 'sent' } & Pick<SendResult, 'target' | 'tries' | 'tookMs'>)
  | {
      readonly kind: 'failed'
      readonly target: string
      readonly tries: number
      readonly code: string
      readonly reason: string
    }
  | { readonly kind: 'dropped'; readonly target: string }

export type TargetCounts = {
  readonly kind: TargetKind
  readonly target: string
  readonly sent: number
  readonly failed: number
  readonly dropped: number
}

type Lane = {
  readonly target: Target
  readonly waiting: Message[]
  sent: number
  failed: number
  dropped: number
  running: Promise<void> | undefined
}

export class Courier {
  readonly #lanes: readonly Lane[]
  readonly #limits: SendLimits
  readonly #onEvent: (event: CourierEvent) => void
  readonly #stopping = new AbortController()
  readonly #givingUp = new AbortController()

  constructor(targets: readonly Target[], onEvent: (event: CourierEvent) => void, limits: SendLimits = SEND_LIMITS) {
    this.#lanes = targets.map((target) => ({ target, waiting: [], sent: 0, failed: 0, dropped: 0, running: undefined }))
    this.#limits = limits
    this.#onEvent = onEvent
  }

  get counts(): TargetCounts[] {
    return this.#lanes.map(({ target, sent, failed, dropped }) => {
      return { kind: target.kind, target: nameOf(target), sent, failed, dropped }
    })
  }

  /** Takes the message and returns at once. */
  send(message: Message): void {
    for (const lane of this.#lanes) {
      if (lane.waiting.length >= WAITING_MAX) {
        lane.waiting.shift()
        lane.dropped++
        this.#onEvent({ kind: 'dropped', target: nameOf(lane.target) })
      }
      lane.waiting.push(message)
      lane.running ??= this.#run(lane)
    }
  }

  /** Resolves when everything was tried once more, or after `withinMs`, when what is left is given up. */
  async close(withinMs: number): Promise<void> {
    this.#stopping.abort()
    let overdue: NodeJS.Timeout | undefined
    const late = new Promise<void>((done) => {
      overdue = setTimeout(done, withinMs)
    })
    await Promise.race([Promise.all(this.#lanes.map(({ running }) => running)), late])
    clearTimeout(overdue)
    for (const { waiting } of this.#lanes) waiting.length = 0
    this.#givingUp.abort()
  }

  async #run(lane: Lane): Promise<void> {
    for (let message = lane.waiting.shift(); message !== undefined; message = lane.waiting.shift()) {
      const [result] = await sendMessage([lane.target], message, {
        limits: this.#limits,
        last: this.#stopping.signal,
        giveUp: this.#givingUp.signal,
      })
      if (result === undefined) continue
      lane[result.sent ? 'sent' : 'failed']++
      const { target, tries, tookMs } = result
      if (result.sent) this.#onEvent({ kind: 'sent', target, tries, tookMs })
      else this.#onEvent({ kind: 'failed', target, tries, code: result.code, reason: result.reason })
    }
    lane.running = undefined
  }
}
