/**
 * Market tickers as text. Kalshi documents no grammar; those seen are upper-case letters, digits, `-` and `.`, at most
 * 60 characters. We accept any printable ASCII without quotes, commas or white space, up to 128, so that a new shape
 * of ticker is no fault, and nothing that needs escaping in JSON, a URL path or a log line gets in by configuration.
 */
export const TICKER_LENGTH_MAX = 128

const TICKER = /^[!#-+\--[\]-~]{1,128}$/

export const isTicker = (text: string): boolean => TICKER.test(text)
