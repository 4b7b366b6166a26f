/** The WebSocket service under /rl/ws: books, trades and figures as they happen. docs/api-websocket.md is its protocol. */
export {
  attachWebSocket,
  type WebSocketOptions,
  type WebSocketService,
  type WsEvent,
  type WsMetrics,
  type WsRefusal,
} from './attach.ts'
export { unreadBytesBound, WS_LIMITS, type WsLimits } from './limits.ts'
