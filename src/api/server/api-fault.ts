/** An answer that is not the one hoped for: one shape for all of them, with nothing of our inside in it. */
export type FaultBody = {
  readonly error: {
    /** Stable; programs branch on it. */
    readonly code: FaultCode
    /** For people: what was found, what was needed, what to do. */
    readonly message: string
    /** The parameter, header or part of the body that is at fault. */
    readonly field?: string
    /** What may have been meant. */
    readonly near?: readonly string[]
  }
}

/** Each code with its status. */
export const FAULTS = {
  FLOW_API_BAD_REQUEST: 400,
  FLOW_API_UNAUTHORIZED: 401,
  FLOW_API_FORBIDDEN: 403,
  FLOW_API_ADMIN_OFF: 403,
  FLOW_API_NOT_FOUND: 404,
  FLOW_API_UNKNOWN_MARKET: 404,
  FLOW_API_METHOD: 405,
  FLOW_API_SLOW_REQUEST: 408,
  FLOW_API_REFUSED: 409,
  FLOW_API_TOO_LARGE: 413,
  FLOW_API_URL_TOO_LONG: 414,
  FLOW_API_MEDIA_TYPE: 415,
  FLOW_API_HOST: 421,
  FLOW_API_UPGRADE: 426,
  FLOW_API_TOO_MANY_REQUESTS: 429,
  FLOW_API_HEADERS_TOO_LARGE: 431,
  FLOW_API_INTERNAL: 500,
  FLOW_API_UNAVAILABLE: 503,
} as const

export type FaultCode = keyof typeof FAULTS

export type FaultDetails = {
  readonly field?: string | undefined
  readonly near?: readonly string[] | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export class ApiFault extends Error {
  override readonly name = 'ApiFault'
  readonly code: FaultCode
  readonly details: FaultDetails
  /** The HTTP status; Fastify reads it, and writes it too. */
  statusCode: number

  constructor(code: FaultCode, message: string, details: FaultDetails = {}) {
    super(message)
    this.code = code
    this.details = details
    this.statusCode = FAULTS[code]
  }

  get body(): FaultBody {
    const { field, near } = this.details
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(field === undefined ? {} : { field }),
        ...(near === undefined || near.length === 0 ? {} : { near }),
      },
    }
  }
}
