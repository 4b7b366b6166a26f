/** HTTP and WebSocket under `/rl`: what the recorder and its journal tell, for programs and people. */
export { ApiError, type ApiErrorCode } from './api-error.ts'
export { API_LIMITS, type ApiLimits, apiBounds } from './api-limits.ts'
export type { ApiEvent, ApiOptions, RunningApi } from './api-options.ts'
export { startApi } from './start-api.ts'
