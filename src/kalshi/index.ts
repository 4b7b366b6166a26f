/** The exchange as it is: signing, the WebSocket session, the REST client. */
export { type KeySource, type LoadedKey, loadKey, type SigningKey } from './key.ts'
export { KeyError, type KeyErrorCode } from './key-error.ts'
export { type SignedHeaders, signRequest } from './sign.ts'
