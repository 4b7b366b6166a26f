/**
 * What each queue of the service may hold at most, in bytes: told at start, so that nobody has to guess what the program
 * takes when everything goes wrong at once. Bounds, not use: on a healthy day nearly nothing of it is taken.
 */
import { apiBounds } from '#api'
import type { Config } from '../config/config.ts'
import { HELD_BYTES_MAX as LOG_BYTES_MAX } from '../log/log.ts'

export type Bound = { readonly what: string; readonly bytes: number }

const MIB = 1024 * 1024
/** Of one WebSocket message (src/kalshi/link.ts); one is read at a time on each connection. */
const MESSAGE_BYTES_MAX = 16 * MIB
/** A row on its way to PostgreSQL with what JavaScript holds around it. Measured rows of deltas have 140. */
const ROW_BYTES = 512

export function boundsOf(
  { journal, exchange, store }: Config,
  {
    restBytes,
    hasStore,
    api,
  }: { readonly restBytes: number; readonly hasStore: boolean; readonly api: 'all' | 'health' | undefined },
): Bound[] {
  const { requestBytes, webSocketBytes } = apiBounds()
  return [
    // While a disk is slow one half is being written and the other filled.
    { what: 'journal', bytes: 2 * journal.bufferBytes },
    { what: 'websocket_messages', bytes: exchange.connectionsMax * MESSAGE_BYTES_MAX },
    { what: 'rest_body', bytes: restBytes },
    ...(hasStore ? [{ what: 'store_rows', bytes: store.queueRowsMax * ROW_BYTES }] : []),
    ...(api === undefined ? [] : [{ what: 'api_requests', bytes: requestBytes }]),
    ...(api === 'all' ? [{ what: 'api_websockets', bytes: webSocketBytes }] : []),
    { what: 'log', bytes: LOG_BYTES_MAX },
  ]
}
