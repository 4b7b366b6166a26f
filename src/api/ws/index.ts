/** Stand-in until LIVE's own: the agreed shape. */
import type { IncomingMessage, Server } from 'node:http'
import type { Replica } from '#live'

export type WebSocketService = {
  readonly clients: number
  close(): void | Promise<void>
  metrics(): Record<string, number>
}

export function attachWebSocket(_options: {
  server: Server
  path: string
  replica: Replica
  allowedOrigins: string[]
  admit(request: IncomingMessage): { status: number; code: string; message: string } | undefined
  onEvent?: (event: never) => void
}): WebSocketService {
  return { clients: 0, close: () => {}, metrics: () => ({}) }
}
