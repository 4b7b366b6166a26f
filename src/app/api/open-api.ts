/** Starts the API beside a recorder, and says what to do when its port cannot be had. */
import type { Log } from '../log/log.ts'
import type { ServiceOptions } from '../service/service-options.ts'
import { VERSION } from '../version.ts'
import { type ApiAnswer, ApiThread, type ApiThreadOptions } from './api-thread.ts'

/** The settings of the API as it is handed to a thread or started in this one. */
export function apiOptionsOf({
  config,
  environment,
  dataFolder,
  api: routes,
  store: useStore,
}: Pick<ServiceOptions, 'config' | 'environment' | 'dataFolder' | 'store'> & {
  readonly api: ApiThreadOptions['routes']
}): ApiThreadOptions {
  const { host, port, readToken, adminToken, corsOrigins } = config.api
  return {
    host,
    port,
    dataFolder,
    environment,
    routes,
    readToken: readToken?.reveal(),
    adminToken: adminToken?.reveal(),
    corsOrigins: [...corsOrigins],
    databaseUrl: config.store.databaseUrl?.reveal(),
    schema: config.store.schema,
    useStore,
    version: VERSION,
  }
}

export type OpenedApi = {
  readonly thread: ApiThread
  /** What its clients can make it hold; `undefined` when it cannot be had. */
  readonly bounds: Promise<ApiAnswer['bounds'] | undefined>
}

/**
 * The API's thread. With all routes it listens when this resolves, and throws when it cannot be had, since its user wants it.
 * For health alone nothing waits for it: a recorder goes on without, and says so.
 */
export async function openApi(options: ServiceOptions, log: Log): Promise<OpenedApi | undefined> {
  const { api: routes } = options
  if (routes === undefined) return undefined
  const thread = new ApiThread(apiOptionsOf({ ...options, api: routes }), log)
  const starting = thread.start()
  if (routes === 'all') return { thread, bounds: Promise.resolve((await starting).bounds) }
  const absent = (error: Error & { code?: string }) => {
    const { code = 'UNKNOWN', message } = error
    log.warn({ event: 'api_absent', code, reason: message }, 'recording goes on without /rl/health and /rl/metrics')
    return undefined
  }
  return { thread, bounds: starting.then(({ bounds }) => bounds, absent) }
}
