/** Every limit of the WebSocket service, with what it is for. Tests hand in others. */
export const WS_LIMITS = {
  clientsMax: 100,
  /** Tickers that one client may name on one channel; `all` counts as none. */
  tickersMax: 10_000,
  commandBytesMax: 64 * 1024,
  /** Tickers in one command. */
  commandTickersMax: 1_000,
  /** Commands, pings and pongs of one client in a second. */
  commandsPerSecondMax: 20,
  /** Commands that are refused before the connection is. */
  strikesMax: 3,
  /** Bytes that a client has not taken: beyond them it is closed with 4008. */
  unreadBytesMax: 8 * 1024 * 1024,
  /** How long bytes may wait for a client before it is closed with 4008. */
  unreadMsMax: 10_000,
  /** Snapshots that are owed wait while more than this is unread, so that they alone never make a client slow. */
  snapshotRoomBytes: 1024 * 1024,
  /** Snapshots for one client before others have their turn. */
  snapshotsPerTurnMax: 50,
  pingEveryMs: 10_000,
  /** Nothing heard for so long, no pong either: the client is gone. */
  silenceMsMax: 30_000,
  /** How long a client may take to answer a close. */
  closeMsMax: 5_000,
  statsEveryMs: 1_000,
} as const satisfies Readonly<Record<string, number>>

export type WsLimits = { readonly [Name in keyof typeof WS_LIMITS]: number }

/** What all clients together may hold in memory: for whoever prints the bounds of the program. */
export const unreadBytesBound = ({ clientsMax, unreadBytesMax }: WsLimits = WS_LIMITS): number =>
  clientsMax * (unreadBytesMax + 2 * 64 * 1024)
