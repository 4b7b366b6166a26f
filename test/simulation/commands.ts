/** S5: what we say to the exchange on a connection, counted as the exchange would see it. */
import { readCommand } from '#codec'
import type { ExchangeConnection, Sent } from './exchange.ts'
import type { Verdicts } from './invariants.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A hundredth of what Kalshi allows (changelog, 2026-06-18). */
export const COMMANDS_PER_SECOND_MAX = 100
export const CHUNK_MAX = 100
/** Lies between two get_snapshot, but for one that was refused and comes again. */
export const CHUNK_PAUSE_MS_MIN = 50
/** What we wait for an answer, the tick that notices included. */
export const ANSWER_MS_MAX = 10_500
/** A refused command is tried again so often. */
const TRIES_MAX = 4

type Talk = {
  readonly subscribes: Map<string, number>
  /** Commands answered with an error. */
  refusals: number
  /** The ids of every get_snapshot, and how many of those refused were not yet sent again. */
  readonly chunks: Set<number>
  chunksRefused: number
  chunkMs: number
  /** When each command was sent that is not answered; a get_snapshot has no answer of its own. */
  readonly unanswered: Map<number, number>
  sentMs: number[]
}

export class Commands {
  /** The most seen, for the report. */
  mostPerSecond = 0
  readonly #time: VirtualTime
  readonly #verdicts: Verdicts
  readonly #talks = new Map<number, Talk>()

  constructor(time: VirtualTime, verdicts: Verdicts) {
    this.#time = time
    this.#verdicts = verdicts
  }

  forget(): void {
    this.#talks.clear()
  }

  opened(connection: number, _peer: ExchangeConnection): void {
    this.#talks.set(connection, {
      subscribes: new Map(),
      refusals: 0,
      chunks: new Set(),
      chunksRefused: 0,
      chunkMs: Number.NEGATIVE_INFINITY,
      unanswered: new Map(),
      sentMs: [],
    })
  }

  taken(connection: number, { kind, text }: Sent): void {
    const talk = this.#talks.get(connection)
    if (talk === undefined) return
    const id = idOf(text)
    if (id !== undefined) talk.unanswered.delete(id)
    if (kind !== 'error') return
    talk.refusals++
    if (id !== undefined && talk.chunks.delete(id)) talk.chunksRefused++
  }

  lost(connection: number): void {
    this.#talks.delete(connection)
  }

  /** A connection on which an answer stays out is given up. */
  ticked(): void {
    for (const [connection, { unanswered }] of this.#talks) {
      for (const [id, sentMs] of unanswered) {
        const waitedMs = this.#time.nowMs - sentMs
        if (waitedMs <= ANSWER_MS_MAX) continue
        this.#verdicts.broken('S4', `command ${id} of connection ${connection} is without an answer for ${waitedMs} ms`)
      }
    }
  }

  sent(connection: number, text: string): void {
    const talk = this.#talks.get(connection)
    const command = readCommand(text)
    if (talk === undefined || command === undefined) return
    const { nowMs } = this.#time
    talk.sentMs = [...talk.sentMs.filter((each) => nowMs - each < 1000), nowMs]
    this.mostPerSecond = Math.max(this.mostPerSecond, talk.sentMs.length)
    if (talk.sentMs.length > COMMANDS_PER_SECOND_MAX) {
      this.#verdicts.broken('S5', `${talk.sentMs.length} commands within a second on connection ${connection}`)
    }
    if (command.cmd === 'subscribe') this.#subscribed(connection, talk, command.channels)
    if (command.action !== 'get_snapshot') {
      if (command.id !== undefined) talk.unanswered.set(command.id, nowMs)
      return
    }
    if (command.markets.length > CHUNK_MAX) {
      this.#verdicts.broken('S5', `a get_snapshot asks for ${command.markets.length} books at once`)
    }
    this.#paused(talk, nowMs - talk.chunkMs)
    talk.chunkMs = nowMs
    talk.chunks.add(command.id ?? 0)
  }

  #paused(talk: Talk, pauseMs: number): void {
    if (pauseMs >= CHUNK_PAUSE_MS_MIN) return
    if (talk.chunksRefused-- > 0) return
    this.#verdicts.broken('S5', `a get_snapshot ${pauseMs} ms after another`)
  }

  #subscribed(connection: number, talk: Talk, channels: readonly string[]): void {
    for (const channel of channels) {
      const times = (talk.subscribes.get(channel) ?? 0) + 1
      talk.subscribes.set(channel, times)
      if (times > Math.min(TRIES_MAX, 1 + talk.refusals)) {
        this.#verdicts.broken(
          'S5',
          `subscribe number ${times} to ${channel} on connection ${connection}, ${talk.refusals} refused`,
        )
      }
    }
  }
}

/** The id of a frame that can be read. */
function idOf(text: string): number | undefined {
  if (!text.includes('"id":')) return undefined
  try {
    return (JSON.parse(text) as { id?: number }).id
  } catch {
    return undefined
  }
}
