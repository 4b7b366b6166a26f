/** Starts the API beside a recorder, and says what to do when its port cannot be had. */
import type { Log } from '../log/log.ts'
import type { ServiceOptions } from '../service/service-options.ts'
import { VERSION } from '../version.ts'
import { ApiThread, type ApiThreadOptions } from './api-thread.ts'

/** The settings of the API as it is handed to a thread or started in this one. */
export function apiOptionsOf({
  config,
  environment,
  dataFolder,
  api: routes,
  store: useStore,
}: Pick<ServiceOptions, 'config' | 'environment' | 'dataFolder' | 'api' | 'store'>): ApiThreadOptions {
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

/**
 * The API's thread, listening. With all routes it throws when it cannot be had, since its user wants it; for health alone a
 * recorder goes on without, and says so.
 */
export async function openApi(options: ServiceOptions, log: Log): Promise<ApiThread | undefined> {
  const api = new ApiThread(apiOptionsOf(options), log)
  try {
    await api.start()
    return api
  } catch (error) {
    if (options.api === 'all') throw error
    const { code = 'UNKNOWN', message } = error as Error & { code?: string }
    log.warn({ event: 'api_absent', code, reason: message }, 'recording goes on without /rl/health and /rl/metrics')
    return undefined
  }
}
