/**
 * The service: HTTP and WebSocket over a copy of the books that is made from the journal. It runs wherever it is called,
 * in a thread beside a recorder or in a process of its own, and talks to the recorder through its control socket alone.
 */
import type { AddressInfo } from 'node:net'
import type { Replica } from '#live'
import { ApiError } from './api-error.ts'
import { type Limits, limitsWith } from './api-limits.ts'
import type { ApiEvent, ApiOptions, RunningApi } from './api-options.ts'
import { CopyOpener } from './books/copy-opener.ts'
import { SnapshotCache } from './books/snapshot-cache.ts'
import { describeApi } from './docs/open-api.ts'
import { HealthTeller } from './health/health-teller.ts'
import { judgeHealth } from './health/judge-health.ts'
import { tellPortHolder } from './port-holder.ts'
import { RecorderWatch } from './recorder/recorder-watch.ts'
import { addRoutes } from './routes/index.ts'
import type { RouteContext } from './routes/route-context.ts'
import { isLoopbackHost } from './server/admission.ts'
import { type ApiServer, buildServer } from './server/build-server.ts'
import { SecondBudget } from './server/second-budget.ts'
import { StoreReader } from './store/store-reader.ts'
import { attachWebSocket, type WebSocketService } from './ws/index.ts'

/** Listens when it resolves; the copy of the books may still be catching up. Throws {@link ApiError}. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  if (!isLoopbackHost(options.host) && options.readToken === undefined) {
    const words = `${options.host} can be reached from other machines, and no read token is set: set KALSHIFLOW_READ_TOKEN, or listen on 127.0.0.1`
    throw new ApiError('FLOW_API_TOKEN_NEEDED', words)
  }
  const limits = limitsWith(options.limits)
  const tell = tellSafely(options.onEvent)
  const { app, admission } = await buildServer({ ...options, onEvent: tell }, limits)
  const recorder = new RecorderWatch(options.dataFolder, limits)
  const hasBooks = options.routes === 'all'
  let sockets: WebSocketService | undefined
  const attach = (replica: Replica) => {
    sockets = attachWebSocket({
      server: app.server,
      path: '/rl/ws',
      replica,
      allowedOrigins: options.corsOrigins,
      admit: (request) => admission.admitUpgrade(request),
      onEvent: ({ kind, ...fields }) => tell({ kind: 'websocket_event', what: kind, ...fields }),
    })
  }
  const closing: (() => unknown)[] = [() => recorder.close()]
  try {
    const opener = { current: undefined as CopyOpener | undefined }
    const copyOf = () => opener.current?.copy
    const store = hasBooks && options.useStore ? new StoreReader(options, limits, tell) : undefined
    if (store !== undefined) closing.push(() => store.close())
    const context: RouteContext = {
      options,
      limits,
      startedMs: performance.now(),
      recorder,
      snapshots: new SnapshotCache(limits.answerAgeMsMax),
      nearNamesLeft: new SecondBudget(limits.nearNamesPerSecondMax),
      store,
      tell,
      health: () => judgeHealth(recorder.facts, hasBooks ? copyOf() : 'none', limits),
      copy: copyOf,
      clients: () => sockets?.clients ?? 0,
      websocket: () => sockets?.metrics(),
    }
    if (hasBooks) await describeApi(app, options)
    addRoutes(app, context)
    await app.ready()
    const url = await listen(app, options, limits)
    if (hasBooks) {
      opener.current = new CopyOpener(options.dataFolder, tell, attach)
      closing.push(() => opener.current?.close())
    }
    const teller = new HealthTeller(context)
    closing.push(() => teller.close())
    void recorder.fresh(0)
    tell({ kind: 'listening', url, routes: options.routes })
    return { url, close: closeOnce(app, limits, () => sockets?.close(), closing) }
  } catch (error) {
    await app.close()
    for (const each of closing.reverse()) await each()
    throw error
  }
}

async function listen(app: ApiServer, { host, port }: ApiOptions, limits: Limits): Promise<string> {
  try {
    // For the name Fastify would open a second server on the other address, without WebSockets and limits.
    const address = host.toLowerCase() === 'localhost' ? '127.0.0.1' : host
    await app.listen({ host: address, port, backlog: limits.connectionsMax })
  } catch (error) {
    throw whyNot(error as NodeJS.ErrnoException, host, port)
  }
  const address = app.server.address() as AddressInfo
  const isAny = address.address === '0.0.0.0' || address.address === '::'
  const name = isAny ? '127.0.0.1' : address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${name}:${address.port}`
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): ApiError {
  if (error.code === 'EADDRINUSE') {
    const words = `${tellPortHolder(port)}: stop that one, or choose another with PORT=${port + 1} (PORT=0 takes a free one)`
    return new ApiError('FLOW_API_PORT_TAKEN', words, error)
  }
  const why: Readonly<Record<string, string>> = {
    EACCES: `this user may not listen on port ${port}: choose one above 1023 with PORT`,
    EADDRNOTAVAIL: `${host} is no address of this machine: correct KALSHIFLOW_HOST`,
    ENOTFOUND: `the name ${host} leads nowhere: correct KALSHIFLOW_HOST`,
    EAI_AGAIN: `the name ${host} cannot be looked up: correct KALSHIFLOW_HOST, or write an address`,
  }
  const words = why[error.code ?? ''] ?? `cannot listen on ${host} port ${port}: ${error.message}`
  return new ApiError('FLOW_API_ADDRESS', words, error)
}

function closeOnce(app: ApiServer, limits: Limits, closeSockets: () => unknown, closing: readonly (() => unknown)[]) {
  let closed: Promise<void> | undefined
  return (): Promise<void> => {
    closed ??= (async () => {
      await closeSockets()
      // A client that reads slowly does not hold up the end for long.
      const overdue = setTimeout(() => app.server.closeAllConnections(), limits.closeMsMax)
      await app.close()
      clearTimeout(overdue)
      for (const each of [...closing].reverse()) await each()
    })()
    return closed
  }
}

/** Whoever is told may throw; the service goes on. */
const tellSafely =
  (onEvent: ApiOptions['onEvent']) =>
  (event: ApiEvent): void => {
    try {
      onEvent?.(event)
    } catch {
      // The listener's own trouble.
    }
  }
