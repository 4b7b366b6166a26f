/**
 * What was taken of each connection of each life, and when: so that a checker can ask what the exchange's book was at a
 * number of a subscription, long after, and how old that is. Kept whether or not it became durable.
 */
import type { ExchangeConnection, Sent, SimulatedExchange } from './exchange.ts'

type Impossible = { readonly seq: number; readonly index: number }

type Talk = {
  readonly peer: ExchangeConnection
  /** By sid: numbers taken in rising order, and when. */
  readonly taken: Map<number, { readonly seqs: number[]; readonly atMs: number[] }>
  /** By sid and market: numbers at which what came could not be, and the record of each. */
  readonly impossible: Map<string, Impossible[]>
  overMs: number
}

export class Truth {
  readonly #exchange: SimulatedExchange
  readonly #talks = new Map<string, Talk>()

  constructor(exchange: SimulatedExchange) {
    this.#exchange = exchange
  }

  opened(session: string, connection: number, peer: ExchangeConnection): void {
    this.#talks.set(`${session}/${connection}`, {
      peer,
      taken: new Map(),
      impossible: new Map(),
      overMs: Number.POSITIVE_INFINITY,
    })
  }

  taken(session: string, connection: number, { sid, seq }: Sent, nowMs: number): void {
    const talk = this.#talks.get(`${session}/${connection}`)
    if (talk === undefined || sid === undefined || seq === undefined) return
    const taken = talk.taken.get(sid) ?? { seqs: [], atMs: [] }
    talk.taken.set(sid, taken)
    if (seq <= (taken.seqs.at(-1) ?? 0)) return
    taken.seqs.push(seq)
    taken.atMs.push(nowMs)
  }

  /** A frame, the record of this index, told of its market what cannot be: it was wrong before. */
  impossible(session: string, connection: number, { sid, market, seq }: Sent, index: number): void {
    if (sid === undefined || market === undefined || seq === undefined) return
    const talk = this.#talks.get(`${session}/${connection}`)
    const key = `${sid}/${market}`
    talk?.impossible.set(key, [...(talk.impossible.get(key) ?? []), { seq, index }])
  }

  /** A life is over, and so many records are left of all: what came behind them gives nothing away to a reader. */
  left(records: number): void {
    for (const { impossible } of this.#talks.values()) {
      for (const [key, each] of impossible) {
        impossible.set(
          key,
          each.filter(({ index }) => index < records),
        )
      }
    }
  }

  lost(session: string, connection: number, nowMs: number): void {
    const talk = this.#talks.get(`${session}/${connection}`)
    if (talk !== undefined) talk.overMs = Math.min(talk.overMs, nowMs)
  }

  /** Every connection of the life is over. */
  died(session: string, nowMs: number): void {
    for (const [key, talk] of this.#talks) {
      if (key.startsWith(`${session}/`)) talk.overMs = Math.min(talk.overMs, nowMs)
    }
  }

  /**
   * The exchange's book at a number, as text; `undefined` when nobody can say, since the exchange kept a change to itself.
   * `nothing` when the market was not told of there.
   */
  book(session: string, connection: number, sid: number, market: string, seq: number): string | undefined {
    const talk = this.#talks.get(`${session}/${connection}`)
    if (talk === undefined) return `nothing: connection ${connection} of ${session} is not known`
    const told = this.#exchange.told(talk.peer, sid, market, seq)
    return told === undefined || told.what === 'ended' ? 'nothing' : told.text
  }

  /** Whether the exchange kept a change to itself there, and a later frame gave it away before the next whole book. */
  isGivenAway(session: string, connection: number, sid: number, market: string, seq: number): boolean {
    const talk = this.#talks.get(`${session}/${connection}`)
    const found = talk?.impossible.get(`${sid}/${market}`) ?? []
    return found.some((each) => {
      if (each.seq < seq) return false
      for (let at = seq; at <= each.seq; at++) {
        if (this.#exchange.told(talk!.peer, sid, market, at)?.text !== undefined) return false
      }
      return true
    })
  }

  /** For how long there has been something behind a number of a subscription that was taken, or its end; 0 when not yet. */
  ageMs(session: string, connection: number, sid: number, seq: number, nowMs: number): number {
    const talk = this.#talks.get(`${session}/${connection}`)
    if (talk === undefined) return Number.POSITIVE_INFINITY
    const { seqs = [], atMs = [] } = talk.taken.get(sid) ?? {}
    let next = seqs.length
    while (next > 0 && seqs[next - 1]! > seq) next--
    const sinceMs = Math.min(atMs[next] ?? Number.POSITIVE_INFINITY, talk.overMs)
    return Math.max(0, nowMs - sinceMs)
  }
}
