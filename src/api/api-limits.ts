/** Every limit of the service, with what it is for. Tests hand in others; nobody else should have to. */
import { unreadBytesBound } from './ws/index.ts'

export type ApiLimits = typeof API_LIMITS

export const API_LIMITS = {
  /** TCP connections at once, WebSockets included. */
  connectionsMax: 512,
  /** Requests that one address may make in a second; /rl/health is not counted. */
  requestsPerSecondMax: 300,
  /** Of them, lists of markets, gaps or runs: each looks at everything, or asks the database. */
  listsPerSecondMax: 20,
  /** Of them, calls of /rl/admin. */
  adminPerSecondMax: 20,
  /** Unknown markets that an answer names likely ones for, for all clients together: each looks at all markets. */
  nearNamesPerSecondMax: 20,
  /** Addresses whose requests are counted; the one heard of longest ago is forgotten. */
  countedClientsMax: 5_000,
  bodyBytesMax: 64 * 1024,
  /** Room for the tickers of one answer. */
  urlBytesMax: 12 * 1024,
  headerBytesMax: 16 * 1024,
  /** From the first byte of a request to its last header, and to its end. */
  headersMs: 5_000,
  requestMs: 10_000,
  /** Silence on a connection, in the middle of an answer too: a client that reads nothing is let go. */
  idleMs: 30_000,
  keepAliveMs: 15_000,
  /** How long answers under way may hold up the end. */
  closeMsMax: 1_000,
  /** Books in one answer. */
  snapshotMarketsMax: 200,
  /** Markets, gaps or sessions on one page. */
  pageMax: 1_000,
  pageDefault: 100,
  /** Tickers that one command may name. */
  adminMarketsMax: 1_000,
  /** How old a whole answer of many books may be: it says its own position. */
  answerAgeMsMax: 20,
  /** How often the recorder is asked how it is, and how long it may take to say so. */
  recorderAskEveryMs: 1_000,
  recorderAnswerMsMax: 3_000,
  /** An answer of the recorder older than this means that it hangs. */
  recorderSilentMsMax: 5_000,
  /** How long a connection that has markets may not be live. A reconnect takes seconds. */
  notConnectedMsMax: 60_000,
  /** How far the database may be behind, and how long it may take to open. */
  storeBehindMsMax: 60_000,
  /** How far our copy of the books may be behind before the service calls itself impaired. */
  copyBehindMsMax: 5_000,
  /** A question to the database, and how many at once. */
  queryMsMax: 5_000,
  queriesMax: 2,
} as const satisfies Readonly<Record<string, number>>

/** Bytes that clients can make the service hold at most: what they send, and what WebSockets have not taken. */
export const apiBounds = () => ({
  requestBytes: API_LIMITS.connectionsMax * (API_LIMITS.headerBytesMax + API_LIMITS.bodyBytesMax),
  webSocketBytes: unreadBytesBound(),
})

/** The limits with some of them changed. */
export type SomeLimits = { readonly [Name in keyof ApiLimits]?: number }
export type Limits = { readonly [Name in keyof ApiLimits]: number }

export const limitsWith = (some: SomeLimits | undefined): Limits => ({ ...API_LIMITS, ...some })
