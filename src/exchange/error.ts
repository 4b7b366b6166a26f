/** The one class of errors that the simulated exchange throws: it could not be started as asked. */

export type ExchangeErrorCode = 'FLOW_EXCHANGE_OPTIONS' | 'FLOW_EXCHANGE_CAPTURE' | 'FLOW_EXCHANGE_LISTEN'

export class ExchangeError extends Error {
  override readonly name = 'ExchangeError'
  readonly code: ExchangeErrorCode
  /** Each thing that was wrong, in the order found; a capture's carry line numbers. */
  readonly faults: readonly string[]

  constructor(code: ExchangeErrorCode, message: string, faults: readonly string[] = [], cause?: unknown) {
    super([message, ...faults].join('\n  '), cause === undefined ? undefined : { cause })
    this.code = code
    this.faults = faults
  }
}
