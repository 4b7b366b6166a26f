/** What is wrong now, in words, the worst first: one short line each. Nothing at all when all is well. */
import { FREE_BYTES_LOW } from './disk-watch.ts'
import { daysLeft } from './outlook.ts'
import type { ServiceView } from './service-view.ts'

/** So long a start may take before it is worth a word. */
const START_S = 15
const STORE_BEHIND_MS = 10_000
const DAYS_LEFT_FEW = 3
const COMMIT_SLOW_MS = 500
/** Of our clock against the exchange's: Kalshi refuses signatures that are much older (unconfirmed live). */
export const CLOCK_OFF_MS = 2_000

export function troublesOf(view: ServiceView): string[] {
  const { markets, store, disk, outlook, api, exchange, clockAheadMs } = view
  const isStarting = view.seconds < START_S
  const told: (string | false | undefined)[] = [
    view.pausedBy !== undefined && `PAUSED by ${view.pausedBy}: nothing is recorded`,
    view.pausedBy === undefined &&
      view.connections > 0 &&
      view.liveConnections === 0 &&
      (!isStarting || view.refusal !== undefined) &&
      `NOT CONNECTED, and tried again: ${view.refusal ?? 'the exchange does not answer'}`,
    view.cutOff !== undefined &&
      `THE DISK IS FULL: nothing is recorded since ${new Date(view.cutOff.sinceMs).toISOString().slice(11, 19)} UTC (${view.cutOff.frames} frames reached books alone); make room`,
    view.backpressure !== 'flowing' && `the disk cannot keep up: connections are ${view.backpressure}`,
    disk.freeBytes !== undefined &&
      disk.freeBytes < FREE_BYTES_LOW &&
      `only ${Math.floor(disk.freeBytes / 1024 ** 2)} MiB are left on the disk`,
    clockAheadMs !== undefined &&
      `this machine's clock is ${(Math.abs(clockAheadMs) / 1000).toFixed(1)} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} the exchange's: set it by NTP`,
    view.liveConnections > 0 &&
      !isStarting &&
      markets.in_doubt > 0 &&
      `${markets.in_doubt} ${markets.in_doubt === 1 ? 'book is' : 'books are'} in doubt until the next snapshot`,
    markets.unknown > 0 && `the exchange does not know ${markets.unknown} of the markets asked for`,
    store !== undefined && store.refused !== null && `nothing is stored: ${store.refused}`,
    (store?.state === 'waiting' || store?.state === 'unavailable') &&
      `the database is away: ${store.last_error ?? 'it is tried again'}`,
    store?.state === 'writing' &&
      store.behind_ms > STORE_BEHIND_MS &&
      `the database is ${Math.round(store.behind_ms / 1000)} s behind and catching up`,
    api !== undefined &&
      api.state !== 'ready' &&
      api.state !== 'ended' &&
      !isStarting &&
      `the API is down: ${api.lastError ?? 'it is starting'}`,
    exchange !== undefined &&
      exchange.state !== 'ready' &&
      `the built-in exchange is down: ${exchange.lastError ?? 'it is starting'}`,
    view.archive != null &&
      view.archive.last_error !== null &&
      `${view.archive.behind_segments} journal files are not archived: ${view.archive.last_error}`,
    view.commitP99Ms > COMMIT_SLOW_MS && `the disk is slow: one commit in a hundred takes ${view.commitP99Ms} ms`,
    disk.freeBytes !== undefined && outlook !== undefined && tellDays(daysLeft(disk.freeBytes, outlook)),
  ]
  return told.filter((each) => typeof each === 'string')
}

const tellDays = (days: number | undefined): string | undefined =>
  days !== undefined && days < DAYS_LEFT_FEW ? `the disk is full in ${days.toFixed(1)} days at this rate` : undefined
