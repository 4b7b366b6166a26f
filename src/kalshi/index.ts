/** The exchange as it is: signing, the WebSocket session, the REST client. */
export { type KeySource, type LoadedKey, loadKey, type SigningKey } from './key.ts'
export { KeyError, type KeyErrorCode } from './key-error.ts'
export { judgeScopes, type KeyListing, type KeyScopes } from './key-scopes.ts'
export { type Ending, ExchangeLink, type LinkOptions, type LinkTap } from './link.ts'
export { type Knocked, openPlainSocket, type PlainSocket, type PlainSocketOptions } from './plain-socket.ts'
export {
  BOOKS_PER_REQUEST,
  type MarketFilter,
  REST_LIMITS,
  RestClient,
  type RestClientOptions,
  type RestLimits,
} from './rest-client.ts'
export { type Discovery, openMarketsByVolume } from './rest-discovery.ts'
export { RestError, type RestErrorCode } from './rest-error.ts'
export type { BookPage, ExchangeStatus, Malformed, MarketPage, PriceRange, RestMarket } from './rest-shapes.ts'
export { type SignedHeaders, signRequest } from './sign.ts'
