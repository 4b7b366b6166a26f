/**
 * The recorder's control socket: a Unix socket that answers about status and books and takes commands. Reading it never
 * waits on the feed, and a client that does not read its answers is cut off.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { formatPosition, isTicker } from '#domain'
import {
  type ControlRequest,
  LineSplitter,
  POINTER_NAME,
  REQUEST_BYTES_MAX,
  type RecorderIdentity,
  type ServiceStatus,
  SOCKET_NAME,
  SOCKET_PATH_BYTES_MAX,
  viewBook,
} from '#live'
import type { Log } from '../log/log.ts'
import { RepeatedLines } from '../log/log-repeats.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { VERSION } from '../version.ts'
import { FollowStreams } from './follow-streams.ts'
import { ServiceStatusSource, type StatusParts } from './service-status.ts'

/** Answers that clients have not read, all together; whoever asks past it is cut off. */
export const UNREAD_BYTES_MAX = 64 * 1024 * 1024
const CLIENTS_MAX = 64
/** How long followers may take to read the last line. */
const CLOSE_MS_MAX = 250
const FOLDER_PREFIX = 'kalshiflow-'

export type ControlServer = {
  readonly path: string
  /** What a client that asks for the status is answered. */
  status(): Promise<ServiceStatus>
  close(): Promise<void>
}

export type ControlServerOptions = StatusParts & {
  readonly dataFolder: string
  readonly log: Log
  /** A client asked for the end. */
  readonly onStop: () => void
}

/** Listens. The folder must be locked: a socket found there is a dead recorder's and is removed. */
export async function openControl(options: ControlServerOptions): Promise<ControlServer> {
  const { path, pointer } = socketPath(options.dataFolder)
  removeQuietly(path)
  const sockets = new Set<Socket>()
  const streams = new FollowStreams(options.recorder)
  const status = new ServiceStatusSource(options)
  const parts = { ...options, streams, status, sockets }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (sockets.size > CLIENTS_MAX) socket.destroy()
    else serve(socket, parts)
  })
  await listen(server, path)
  // A client that could not be taken (no file is left to open, for one) is no fault of the others, and no reason to end.
  const repeats = new RepeatedLines(options.log, () => performance.now())
  server.on('error', (error: NodeJS.ErrnoException) => {
    const { code = 'FLOW_CONTROL_SOCKET', message } = error
    repeats.write('warn', { event: 'control_socket_error', code, reason: message })
  })
  chmodSync(path, 0o600)
  if (pointer !== undefined) writeFileSync(pointer, `${path}\n`)
  return {
    path,
    status: () => status.status(),
    async close() {
      streams.close()
      status.close()
      // A follower still takes the last line; whoever does not go then is cut off.
      for (const socket of sockets) if (!socket.writableEnded) socket.destroy()
      const overdue = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, CLOSE_MS_MAX)
      await new Promise<void>((done) => server.close(() => done()))
      clearTimeout(overdue)
      removeQuietly(path)
      if (pointer !== undefined) {
        removeQuietly(pointer)
        rmSync(dirname(path), { recursive: true, force: true })
      }
    },
  }
}

function socketPath(dataFolder: string): { path: string; pointer: string | undefined } {
  const pointer = join(resolve(dataFolder), POINTER_NAME)
  const path = join(resolve(dataFolder), SOCKET_NAME)
  removeLeftOver(pointer)
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return { path, pointer: undefined }
  return { path: join(mkdtempSync(join(tmpdir(), FOLDER_PREFIX)), SOCKET_NAME), pointer }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen(path, () => {
      server.off('error', fail)
      done()
    })
  })
}

type Parts = ControlServerOptions & {
  readonly streams: FollowStreams
  readonly status: ServiceStatusSource
  readonly sockets: ReadonlySet<Socket>
}

function serve(socket: Socket, parts: Parts): void {
  const lines = new LineSplitter(REQUEST_BYTES_MAX)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    const requests = lines.push(chunk)
    if (requests === undefined) socket.destroy()
    for (const each of requests ?? []) void answer(socket, each, parts)
  })
}

async function answer(socket: Socket, line: string, parts: Parts): Promise<void> {
  let id: unknown
  try {
    const request = JSON.parse(line) as ControlRequest & { id?: unknown }
    id = request?.id
    const result = await perform(request, parts)
    if (socket.destroyed) return
    socket.write(`${JSON.stringify({ id, result })}\n`)
    if (request.ask === 'follow') parts.streams.add(socket)
  } catch (error) {
    const { code = 'FLOW_CONTROL_REQUEST', message } = error as Error & { code?: string }
    parts.log.debug({ event: 'control_failed', code, reason: message })
    socket.write(`${JSON.stringify({ id, error: { code, message } })}\n`)
  }
  if (unreadBytes(parts.sockets) > UNREAD_BYTES_MAX) socket.destroy()
}

function unreadBytes(sockets: ReadonlySet<Socket>): number {
  let bytes = 0
  for (const { writableLength } of sockets) bytes += writableLength
  return bytes
}

async function perform(request: ControlRequest, { recorder, status, onStop }: Parts): Promise<object> {
  switch (request?.ask) {
    case 'status':
      return status.status()
    case 'books':
      return booksOf(recorder, request.markets)
    case 'subscribe':
      return { left: recorder.subscribe(tickersOf(request.markets)) }
    case 'unsubscribe':
      recorder.unsubscribe(tickersOf(request.markets))
      return {}
    case 'resync':
      recorder.resync(tickersOf(request.markets))
      return {}
    case 'flush':
      await recorder.journal.flush()
      return { durable: formatPosition(recorder.journal.durable) }
    case 'pause':
      recorder.pause(askerOf(request.by))
      return { paused: recorder.paused ?? null }
    case 'resume':
      recorder.resume()
      return { paused: recorder.paused ?? null }
    case 'follow':
      return identityOf(recorder)
    case 'stop':
      onStop()
      return {}
    default:
      throw new TypeError(
        'a request needs `ask`: status, books, subscribe, unsubscribe, resync, flush, pause, resume, follow or stop',
      )
  }
}

const identityOf = (recorder: Recorder): RecorderIdentity => ({
  environment: recorder.environment,
  version: VERSION,
  pid: process.pid,
  session: recorder.session,
  journal: recorder.journal.id,
})

/** The name goes into the journal and the log: short, on one line. */
function askerOf(by: unknown): string {
  if (by === undefined) return 'the control socket'
  if (typeof by !== 'string' || !/^[\x20-\x7e]{1,100}$/.test(by)) {
    throw new TypeError('`by` must be 1 to 100 printable characters')
  }
  return by
}

function booksOf(recorder: Recorder, wanted: readonly string[] | undefined): object {
  const tickers = wanted === undefined ? recorder.fold.markets().map(({ ticker }) => ticker) : tickersOf(wanted)
  const nowMs = Date.now()
  const markets = tickers.map((ticker) => ({ ticker, market: recorder.fold.market(ticker) }))
  return {
    books: markets.flatMap(({ market }) => (market === undefined ? [] : [viewBook(market, nowMs)])),
    unknown: markets.filter(({ market }) => market === undefined).map(({ ticker }) => ticker),
  }
}

function tickersOf(markets: unknown): string[] {
  if (!Array.isArray(markets) || !markets.every((each) => typeof each === 'string' && isTicker(each))) {
    throw new TypeError('`markets` must be a list of tickers')
  }
  return markets
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was not there.
  }
}

/** A recorder that was killed leaves its temporary folder and the file that names it. */
function removeLeftOver(pointer: string): void {
  try {
    const socket = readFileSync(pointer, 'utf8').trim()
    if (socket.startsWith(join(tmpdir(), FOLDER_PREFIX))) rmSync(dirname(socket), { recursive: true, force: true })
  } catch {
    // There is none.
  }
  removeQuietly(pointer)
}
