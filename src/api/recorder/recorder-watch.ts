/**
 * What the recorder says of itself, asked for again and again over its control socket, and since when something about it
 * is amiss. One question at a time; whoever needs a younger answer shares the one under way.
 */
import { askRecorder, ControlError, type ServiceStatus } from '#live'
import type { Limits } from '../api-limits.ts'
import { ConnectionWatch, type NotConnected } from './connection-watch.ts'

export type RecorderFacts = {
  /** The last answer, as long as the recorder that gave it has not gone. */
  readonly status: ServiceStatus | undefined
  /** How old it is; infinite without one. */
  readonly ageMs: number
  /** Nobody listens on the control socket. */
  readonly isAbsent: boolean
  /** For how long the connection that is worst off has been down although it has markets; 0 while none is. */
  readonly notConnectedMs: number
  /** Those that are down for too long. */
  readonly notConnected: NotConnected
}

export type Ask = typeof askRecorder

export class RecorderWatch {
  readonly #dataFolder: string
  readonly #limits: Limits
  readonly #timer: NodeJS.Timeout
  #status: ServiceStatus | undefined
  #answeredMs = Number.NEGATIVE_INFINITY
  #isAbsent = false
  readonly #connections: ConnectionWatch
  #asking: Promise<void> | undefined

  constructor(dataFolder: string, limits: Limits) {
    this.#dataFolder = dataFolder
    this.#limits = limits
    this.#connections = new ConnectionWatch(limits.notConnectedMsMax)
    this.#timer = setInterval(() => void this.#ask(), limits.recorderAskEveryMs)
    this.#timer.unref()
  }

  get facts(): RecorderFacts {
    const nowMs = performance.now()
    return {
      status: this.#status,
      ageMs: nowMs - this.#answeredMs,
      isAbsent: this.#isAbsent,
      notConnectedMs: this.#connections.downMs(nowMs),
      notConnected: this.#connections.overdue(nowMs),
    }
  }

  /** The facts, asked for anew when the last answer is older than that. Never throws. */
  async fresh(ageMsMax: number): Promise<RecorderFacts> {
    if (this.facts.ageMs > ageMsMax) await this.#ask()
    return this.facts
  }

  /** A command to the recorder; the facts know of it afterwards. Throws {@link ControlError}. */
  async command<Kind extends Parameters<Ask>[1]['ask']>(
    request: Extract<Parameters<Ask>[1], { readonly ask: Kind }> & { readonly ask: Kind },
  ): Promise<unknown> {
    const answer = await within(askRecorder(this.#dataFolder, request as never), COMMAND_MS_MAX)
    // One that was asked before the command says nothing of it.
    await this.#asking
    await this.#ask()
    return answer
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #askOnce(): Promise<void> {
    try {
      const answer = askRecorder(this.#dataFolder, { ask: 'status' })
      this.#take(await within(answer, this.#limits.recorderAnswerMsMax))
    } catch (error) {
      this.#isAbsent = error instanceof ControlError && error.code === 'FLOW_NO_RECORDER'
      if (this.#isAbsent) {
        this.#status = undefined
        this.#answeredMs = Number.NEGATIVE_INFINITY
        this.#connections.clear()
      }
    }
  }

  #take(status: ServiceStatus): void {
    const nowMs = performance.now()
    if (status.paused !== null || status.session !== this.#status?.session) this.#connections.clear()
    if (status.paused === null) this.#connections.take(status.connections, nowMs)
    this.#status = status
    this.#answeredMs = nowMs
    this.#isAbsent = false
  }
}

/** A command may wait for a commit on a slow disk. */
const COMMAND_MS_MAX = 8_000

async function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new ControlError('FLOW_CONTROL_TIMEOUT', 'the recorder did not answer in time')), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
