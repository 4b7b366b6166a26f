/**
 * From the copy of the books to its clients: each event is encoded once, whatever number of clients want it, and leaves in
 * one write for each client and batch of the journal. Nothing here waits.
 */
import type { TradeFrame } from '#codec'
import { type CentiCents, type CentiContracts, formatPosition, type Side } from '#domain'
import type { Market } from '#feed'
import type { Replica, ReplicaListener } from '#live'
import type { WsClient } from './client.ts'
import {
  encodeDelta,
  encodeLost,
  encodeMarketStats,
  encodeSnapshot,
  encodeStats,
  encodeStatus,
  encodeTrade,
  encodeValidity,
} from './messages.ts'

/** How soon snapshots that were owed are looked at again when there was no room, or too many. */
const OWED_MS = 5

export class FanOut implements ReplicaListener {
  readonly #replica: Replica
  readonly #clients: ReadonlySet<WsClient>
  /** Snapshots as they are at one position, for as long as what they say of belief holds. */
  readonly #snapshots = new Map<string, Buffer>()
  #snapshotsAt = ''
  #owing: NodeJS.Timeout | undefined

  constructor(replica: Replica, clients: ReadonlySet<WsClient>) {
    this.#replica = replica
    this.#clients = clients
  }

  delta(market: Market, side: Side, price: CentiCents, change: CentiContracts, size: CentiContracts): void {
    if (this.#clients.size === 0) return
    const { position } = this.#replica
    let tail: Buffer | undefined
    for (const client of this.#clients) {
      if (!client.follows(market.ticker)) continue
      tail ??= encodeDelta(position, market, side, price, change, size)
      client.pushData(tail, position)
    }
  }

  /** A book that a client follows is replaced at once, where there is room for it; else the client is told that it waits. */
  snapshot(market: Market): void {
    if (this.#clients.size === 0) return
    const { position } = this.#replica
    const { ticker } = market
    let behind: Buffer | undefined
    for (const client of this.#clients) {
      if (!client.follows(ticker)) {
        client.owe(ticker)
      } else if (client.hasRoom) {
        client.pushData(this.#encodeSnapshot(ticker)!, position)
      } else {
        behind ??= encodeValidity(this.#replica, market, 'behind')
        client.pushData(behind, position)
        client.owe(ticker)
      }
    }
  }

  trade(trade: TradeFrame, receivedMs: number): void {
    if (this.#clients.size === 0) return
    const { position } = this.#replica
    let tail: Buffer | undefined
    for (const client of this.#clients) {
      if (!client.trades.has(trade.market)) continue
      tail ??= encodeTrade(position, trade, receivedMs)
      client.pushData(tail, position)
    }
  }

  validity(market: Market): void {
    this.#snapshots.delete(market.ticker)
    if (this.#clients.size === 0) return
    const { position } = this.#replica
    let tail: Buffer | undefined
    for (const client of this.#clients) {
      if (!client.follows(market.ticker)) continue
      tail ??= encodeValidity(this.#replica, market)
      client.pushData(tail, position)
    }
  }

  forgotten(ticker: string): void {
    this.#snapshots.delete(ticker)
    for (const client of this.#clients) client.forget(ticker)
  }

  restarted(): void {
    this.#snapshots.clear()
    for (const client of this.#clients) {
      this.#tellLost(client)
      client.oweAll()
    }
    this.batchEnded()
  }

  state(): void {
    const { position } = this.#replica
    const tail = encodeStatus(this.#replica)
    for (const client of this.#clients) client.pushData(tail, position)
    this.#flush()
  }

  batchEnded(): void {
    this.sendOwed()
    this.#flush()
  }

  /** Sends what is owed, now and, where it does not fit, a little later. */
  sendOwed(): void {
    if (!this.#replica.hasBooks) return
    const { position } = this.#replica
    let isOwing = false
    for (const client of this.#clients) {
      if (client.owed.size === 0) continue
      client.sendOwed(position, (ticker) => this.#encodeSnapshot(ticker))
      client.flush()
      isOwing ||= client.owed.size > 0 && !client.isClosing
    }
    if (!isOwing || this.#owing !== undefined) return
    this.#owing = setTimeout(() => {
      this.#owing = undefined
      this.sendOwed()
    }, OWED_MS)
  }

  /** The second's figures to whoever wants them. */
  sendStats(nowMs: number): void {
    const wanting = [...this.#clients].filter(({ stats }) => !stats.isEmpty)
    if (wanting.length === 0) return
    const { position } = this.#replica
    const parts = new Map<string, string>()
    for (const each of this.#replica.markets()) {
      const { ticker } = each.market
      if (wanting.some(({ stats }) => stats.has(ticker))) parts.set(ticker, encodeMarketStats(each))
    }
    let ofAll: Buffer | undefined
    for (const client of wanting) {
      if (client.stats.all) {
        ofAll ??= encodeStats(this.#replica, nowMs, [...parts.values()])
        client.pushData(ofAll, position)
      } else {
        const named = [...client.stats.tickers].flatMap((ticker) => parts.get(ticker) ?? [])
        client.pushData(encodeStats(this.#replica, nowMs, named), position)
      }
      client.flush()
    }
  }

  close(): void {
    clearTimeout(this.#owing)
  }

  /** Books that a client has, and the copy that was begun anew has not. */
  #tellLost(client: WsClient): void {
    const { fold, position } = this.#replica
    for (const ticker of [...client.followed]) {
      if (fold.market(ticker) !== undefined) continue
      client.pushData(encodeLost(position, ticker), position)
      client.forget(ticker)
    }
  }

  #flush(): void {
    for (const client of this.#clients) client.flush()
  }

  #encodeSnapshot(ticker: string): Buffer | undefined {
    const market = this.#replica.fold.market(ticker)
    if (market === undefined) return undefined
    const at = formatPosition(this.#replica.position)
    if (at !== this.#snapshotsAt) this.#snapshots.clear()
    this.#snapshotsAt = at
    const known = this.#snapshots.get(ticker)
    if (known !== undefined) return known
    const tail = encodeSnapshot(this.#replica, market)
    this.#snapshots.set(ticker, tail)
    return tail
  }
}
