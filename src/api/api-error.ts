/** Why the service cannot be started. */
export type ApiErrorCode = 'FLOW_API_PORT_TAKEN' | 'FLOW_API_ADDRESS' | 'FLOW_API_TOKEN_NEEDED'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiErrorCode

  constructor(code: ApiErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
