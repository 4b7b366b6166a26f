/**
 * What each queue of the service may hold at most, in bytes: told at start, so that nobody has to guess what the program
 * takes when everything goes wrong at once. Bounds, not use: on a healthy day nearly nothing of it is taken.
 */
import type { ApiAnswer } from '../api/api-thread.ts'
import type { Config } from '../config/config.ts'
import { UNREAD_BYTES_MAX as CONTROL_BYTES_MAX } from '../control/control-server.ts'
import { HELD_BYTES_MAX as LOG_BYTES_MAX } from '../log/log.ts'

export type Bound = { readonly what: string; readonly bytes: number }

const MIB = 1024 * 1024
/** Of one WebSocket message (src/kalshi/link.ts); one is read at a time on each connection. */
const MESSAGE_BYTES_MAX = 16 * MIB
/** A row on its way to PostgreSQL with what JavaScript holds around it. Measured rows of deltas have 140. */
const ROW_BYTES = 512

/** `api`: of its clients; `undefined` without one. `hasBooks`: whether it serves more than health. */
export function boundsOf(
  { journal, exchange, store }: Config,
  {
    restBytes,
    hasStore,
    hasBooks,
    api,
  }: {
    readonly restBytes: number
    readonly hasStore: boolean
    readonly hasBooks: boolean
    readonly api: ApiAnswer['bounds'] | undefined
  },
): Bound[] {
  return [
    // While a disk is slow one half is being written and the other filled.
    { what: 'journal', bytes: 2 * journal.bufferBytes },
    { what: 'websocket_messages', bytes: exchange.connectionsMax * MESSAGE_BYTES_MAX },
    { what: 'rest_body', bytes: restBytes },
    ...(hasStore ? [{ what: 'store_rows', bytes: store.queueRowsMax * ROW_BYTES }] : []),
    ...(api === undefined ? [] : [{ what: 'api_requests', bytes: api.requestBytes }]),
    ...(api === undefined || !hasBooks ? [] : [{ what: 'api_websockets', bytes: api.webSocketBytes }]),
    { what: 'control_answers', bytes: CONTROL_BYTES_MAX },
    { what: 'log', bytes: LOG_BYTES_MAX },
  ]
}
