/** How a recording command ends: its account for people or programs, and the exit code. */
import { formatPosition } from '#domain'
import type { RunAccount } from '../service/stop-service.ts'
import type { StoreAccount } from '../store/recorder-store.ts'
import { EXIT } from './failure.ts'
import { print, printJson } from './output.ts'

const many = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`

/** Prints the account and answers the exit code: 1 when something received is not on disk, or nothing could be received. */
export function tellAccount(account: RunAccount, json: boolean): number {
  if (json) printJson({ ...account, durable: formatPosition(account.durable) })
  else {
    const { frames, records, durableRecords, bytes, seconds, breaks, connectionsLost, malformed, reason } = account
    const n = (value: number) => value.toLocaleString('en-US')
    print(
      [
        `Recorded ${n(frames)} frames in ${n(seconds)} s (${reason}).`,
        `Journal: ${n(durableRecords)} of ${n(records)} records on disk, ${n(bytes)} bytes, up to ${formatPosition(account.durable)}.`,
        `Books: ${account.validAtEnd} of ${account.markets} valid at the end. Holes: ${many(breaks, 'sequence break')}, ${many(connectionsLost, 'connection')} lost, ${many(malformed, 'frame')} malformed.`,
        ...(account.connections > 0
          ? []
          : ['NEVER CONNECTED: see the log for what the exchange or the network answered.']),
        ...(account.store === undefined ? [] : [tellStore(account.store)]),
        ...(account.restarts === 0
          ? []
          : [`Threads that crashed or hung and were started anew: ${n(account.restarts)}.`]),
        ...(account.isComplete ? [] : ['NOT everything received is on disk: see the log.']),
      ].join('\n'),
    )
  }
  if (!account.isComplete || account.connections === 0) return EXIT.FAULTS
  return account.store === undefined || account.store.state === 'complete' ? EXIT.DONE : EXIT.BEHIND
}

function tellStore({ state, rows, quarantined, position, detail }: StoreAccount): string {
  const stored = `${rows.toLocaleString('en-US')} rows${quarantined > 0 ? `, ${many(quarantined, 'record')} in quarantine` : ''}`
  if (state === 'complete') return `Store: ${stored}; everything on disk is in the database.`
  const why = detail === undefined ? '' : ` (${detail})`
  if (state === 'refused') return `Store: REFUSED${why}. The journal has everything.`
  return `Store: ${stored}, up to ${position}; the rest is stored at the next start${why}.`
}
