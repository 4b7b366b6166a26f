/**
 * The sending half of the latency bench, in a process of its own: the simulated exchange playing a tape at an even rate,
 * with the monotonic clock read where it starts and at each write to a socket.
 *
 * The clock is `process.hrtime` (CLOCK_MONOTONIC on Linux, 1 ns), which all processes of a machine share.
 */
import { Socket } from 'node:net'
import { startExchange } from '#exchange'
import { hear, say, takeJob } from './apart.ts'

export type ExchangeJob = { readonly capture: string; readonly ratePerSecond: number; readonly deltas: number }
export type ExchangeReady = { readonly url: string; readonly keyPem: string; readonly tickers: readonly string[] }
export type ExchangeDone = {
  /** Monotonic ns at which the schedule began: frame n is due n / rate later. Read before the exchange reads its clock. */
  readonly startedNs: number
  /** Monotonic ns at which each delta was handed to the socket. */
  readonly handedNs: Float64Array
  readonly sentFrames: number
  /** Ms of a core that this process used while it played. */
  readonly cpuMs: number
}

const { capture, ratePerSecond, deltas } = await takeJob<ExchangeJob>()
const handedNs = new Float64Array(deltas)
watchSockets(handedNs)
const exchange = await startExchange({
  port: 0,
  capture,
  ratePerSecond,
  keyType: 'ed25519',
  // More markets than there are: the clock starts when we say so, between two readings of the monotonic clock.
  startAfterMarkets: 1_000_000,
})
const { url, keyPem, tickers } = exchange
await say({ url, keyPem, tickers: [...tickers] } satisfies ExchangeReady)
await hear()
const cpuBefore = process.cpuUsage()
const startedNs = Number(process.hrtime.bigint())
exchange.startClock()
await exchange.done
const { user, system } = process.cpuUsage(cpuBefore)
const cpuMs = (user + system) / 1000
await say({ startedNs, handedNs, sentFrames: exchange.sent().total, cpuMs } satisfies ExchangeDone)
// The connection stays open until whoever started this process lets it go.
await hear()

/** Notes the time of every write that carries deltas. A write carries whole WebSocket frames (src/exchange/wire/outbox.ts). */
function watchSockets(into: Float64Array): void {
  const write = Socket.prototype.write as (this: Socket, ...given: unknown[]) => boolean
  let next = 0
  Socket.prototype.write = function (this: Socket, ...given: unknown[]): boolean {
    const nowNs = Number(process.hrtime.bigint())
    if (given[0] instanceof Buffer) {
      const count = countDeltas(given[0])
      for (let index = 0; index < count && next < into.length; index++) into[next++] = nowNs
    }
    return write.apply(this, given)
  }
}

/** Unmasked text frames (RFC 6455 §5.2) that begin like an order-book delta. */
function countDeltas(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at + 2 <= bytes.length; ) {
    if (bytes[at] !== 0x81) return count
    const short = bytes[at + 1]!
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
    // {"type":"orderbook_d and not {"type":"orderbook_s
    if (bytes[at + header + 19] === 0x64 && bytes[at + header + 9] === 0x6f) count++
    at += header + length
  }
  return count
}
