/** S5: what we say to the exchange, and how often we knock, counted as the exchange would see it. */
import { readCommand } from '#codec'
import type { ExchangeConnection, Sent } from './exchange.ts'
import type { Verdicts } from './invariants.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A hundredth of what Kalshi allows (changelog, 2026-06-18). */
export const COMMANDS_PER_SECOND_MAX = 100
/** With the backoff reset by each success: a connection that is cut every second stays below this. */
export const CONNECTS_PER_MINUTE_MAX = 60
export const CHUNK_MAX = 100
/** A pause of 50 ms lies between two, but for one that had to wait for its turn. */
export const CHUNKS_PER_SECOND_MAX = 21
/** A refused command is tried again so often. */
const TRIES_MAX = 4

type Talk = { readonly subscribes: Map<string, number>; refusals: number; chunksMs: number[]; sentMs: number[] }

export class Commands {
  /** The most seen, for the report. */
  mostPerSecond = 0
  mostConnectsPerMinute = 0
  readonly #time: VirtualTime
  readonly #verdicts: Verdicts
  readonly #talks = new Map<number, Talk>()
  /** By link would be finer: two links may knock at once. */
  #connectsMs: number[] = []

  constructor(time: VirtualTime, verdicts: Verdicts) {
    this.#time = time
    this.#verdicts = verdicts
  }

  forget(): void {
    this.#talks.clear()
    this.#connectsMs = []
  }

  opened(connection: number, _peer: ExchangeConnection): void {
    this.#talks.set(connection, { subscribes: new Map(), refusals: 0, chunksMs: [], sentMs: [] })
  }

  connecting(links: number): void {
    const { nowMs } = this.#time
    this.#connectsMs = [...this.#connectsMs.filter((each) => nowMs - each < 60_000), nowMs]
    this.mostConnectsPerMinute = Math.max(this.mostConnectsPerMinute, this.#connectsMs.length)
    if (this.#connectsMs.length > CONNECTS_PER_MINUTE_MAX * links) {
      this.#verdicts.broken('S5', `${this.#connectsMs.length} connects within a minute`)
    }
  }

  taken(connection: number, { kind }: Sent): void {
    const talk = this.#talks.get(connection)
    if (talk !== undefined && kind === 'error') talk.refusals++
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
    if (command.action !== 'get_snapshot') return
    if (command.markets.length > CHUNK_MAX) {
      this.#verdicts.broken('S5', `a get_snapshot asks for ${command.markets.length} books at once`)
    }
    talk.chunksMs = [...talk.chunksMs.filter((each) => nowMs - each < 1000), nowMs]
    if (talk.chunksMs.length > CHUNKS_PER_SECOND_MAX) {
      this.#verdicts.broken('S5', `${talk.chunksMs.length} get_snapshot within a second`)
    }
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
