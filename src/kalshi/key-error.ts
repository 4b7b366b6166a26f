/**
 * What can be wrong with a private key, as a coded error. A message says what was found, what is needed and what to do;
 * it never holds a byte of the key, nor the text of a setting that might be one.
 */
export type KeyErrorCode =
  | 'FLOW_KEY_EMPTY'
  | 'FLOW_KEY_MISSING'
  | 'FLOW_KEY_NOT_A_PATH'
  | 'FLOW_KEY_NOT_A_FILE'
  | 'FLOW_KEY_UNREADABLE'
  | 'FLOW_KEY_TOO_LONG'
  | 'FLOW_KEY_NOT_PEM'
  | 'FLOW_KEY_ENCRYPTED'
  | 'FLOW_KEY_PUBLIC'
  | 'FLOW_KEY_TYPE'
  | 'FLOW_KEY_SHORT'
  | 'FLOW_KEY_BROKEN'

export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly code: KeyErrorCode
  /** What OpenSSL or the file system called it, where one of them spoke. */
  readonly reason: string | undefined

  constructor(code: KeyErrorCode, message: string, reason?: string) {
    super(message)
    this.code = code
    this.reason = reason
  }
}
