/** How a recording command ends: its account for people or programs, and the exit code. */
import { formatPosition } from '#domain'
import { OwnTerminal } from '../panel/own-terminal.ts'
import type { RunAccount } from '../service/stop-service.ts'
import type { StoreAccount } from '../store/recorder-store.ts'
import { EXIT } from './failure.ts'
import { print } from './output.ts'

const many = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`

/** How long a terminal may take for the account: one that is not read (Ctrl-S) does not hold up the end. */
const TERMINAL_MS_MAX = 500

async function tell(text: string): Promise<void> {
  const terminal = OwnTerminal.open(process.stdout)
  if (terminal === undefined) return print(text)
  terminal.write(`${text}\n`)
  await terminal.close(TERMINAL_MS_MAX)
}

/** Prints the account and answers the exit code: 1 when something received is not on disk, or nothing could be received. */
export async function tellAccount(account: RunAccount, json: boolean): Promise<number> {
  if (json) await tell(JSON.stringify({ ...account, durable: formatPosition(account.durable) }))
  else {
    const { frames, records, durableRecords, bytes, seconds, breaks, connectionsLost, malformed, reason } = account
    const n = (value: number) => value.toLocaleString('en-US')
    await tell(
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
