/** What a client wants to hear of on one channel: all markets, or those it named. */
export class Interest {
  readonly tickers = new Set<string>()
  all = false

  has(ticker: string): boolean {
    return this.all || this.tickers.has(ticker)
  }

  get isEmpty(): boolean {
    return !this.all && this.tickers.size === 0
  }

  clear(): void {
    this.all = false
    this.tickers.clear()
  }
}
