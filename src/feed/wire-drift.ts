/**
 * Whether the wire itself has changed: the same fault in many fresh books at once is no loss of ours, and asking for every
 * one of them again would only bring the same frames again, in a storm. Then nothing is asked for but trials: a market at a
 * time, and more of them as they turn out sound, until enough have in a row.
 *
 * Per connection. Knows kinds of faults and markets, no frames and no books. Pure; is handed the time.
 */

/** A fault in more than this part of the fresh books is the wire's. */
export const SHARE_MAX = 0.05
/** Below so many faults of a kind nothing is judged, nor by so few markets unless there are no more. */
export const FAULTS_MIN = 5
/** One market alone says nothing of the wire: it is asked for ever more rarely anyway. */
const MARKETS_MIN = 2
/** Faults, and answers of markets, that are looked at together. */
export const WINDOW_MS = 600_000
/** Kinds that are told apart at once: they name fields of frames, which a wire gone wild could make many of. */
const KINDS_MAX = 50
/** Frames of types that we do not read are held against all of the books' numbers within this time. */
const UNREAD_WINDOW_MS = 60_000
/** Fewer than so many are news, and told as such, and no change of the wire. */
const UNREAD_MIN = 20
/** Before the first trial and between sound ones: how long a book on trial has to stand. */
export const TRIAL_MS = 5_000
/** After a trial that failed: doubled each time up to this. One market in half a minute is no storm. */
export const TRIAL_MS_MAX = 30_000
/** Trials in a row that have to be sound; the number of their markets doubles. */
export const SOUND_TRIALS = 3

/** After a relapse so many more trials at most. */
const RELAPSES_MAX = 2

export type WireChange = { readonly what: string; readonly sinceMs: number }

type Kind = { readonly markets: Map<string, number>; times: number[] }

export class WireDrift {
  /** When each market of the connection answered last, well or not. */
  readonly #answeredMs = new Map<string, number>()
  readonly #kinds = new Map<string, Kind>()
  #change: WireChange | undefined
  /** Asked for on trial, with whether it was proven since. */
  readonly #trial = new Map<string, boolean>()
  #unread = { what: '', count: 0, sinceMs: Number.NEGATIVE_INFINITY, sinceSeq: 0 }
  #hasFailed = false
  #sound = 0
  #pauseMs = TRIAL_MS
  #dueMs = 0
  /** When trials found it sound last. */
  #soundMs = Number.NEGATIVE_INFINITY
  #relapses = 0

  /** What has changed, while it is so. */
  get change(): WireChange | undefined {
    return this.#change
  }

  /** Markets of the fault that was judged, the latest first. */
  faulty(what: string): string[] {
    return [...(this.#kinds.get(what)?.markets.keys() ?? [])].reverse()
  }

  /** A book was proven by its snapshot. */
  proven(market: string, nowMs: number): void {
    this.#answeredMs.set(market, nowMs)
    if (this.#trial.has(market)) this.#trial.set(market, true)
  }

  /**
   * A book failed. `isAnswer`: its own snapshot cannot be used, so that only books that answered lately are fresh; otherwise
   * all that have answered are. Answers whether the wire is judged changed by it.
   */
  failed(what: string, market: string, nowMs: number, isAnswer = false): boolean {
    this.#answeredMs.set(market, nowMs)
    if (this.#trial.has(market)) this.#hasFailed = true
    const kind = this.#kindOf(what)
    kind.markets.delete(market)
    kind.markets.set(market, nowMs)
    kind.times = [...kind.times.slice(1 - FAULTS_MIN), nowMs]
    if (this.#change !== undefined) return false
    for (const [each, atMs] of kind.markets) if (nowMs - atMs > WINDOW_MS) kind.markets.delete(each)
    const isFrequent = kind.times.length === FAULTS_MIN && nowMs - kind.times[0]! <= WINDOW_MS
    const fresh = isAnswer ? this.#answeredSince(nowMs - WINDOW_MS) : this.#answeredMs.size
    const isMany =
      kind.markets.size >= Math.min(FAULTS_MIN, Math.max(MARKETS_MIN, fresh)) && kind.markets.size > fresh * SHARE_MAX
    return isFrequent && isMany && this.changed(what, nowMs)
  }

  /** A frame failed that may have been about any book. */
  failedAll(what: string, nowMs: number): boolean {
    const kind = this.#kindOf(what)
    kind.times = [...kind.times.slice(1 - FAULTS_MIN), nowMs]
    if (this.#change !== undefined) return this.changed(what, nowMs)
    const isFrequent = kind.times.length === FAULTS_MIN && nowMs - kind.times[0]! <= WINDOW_MS
    return isFrequent && this.changed(what, nowMs)
  }

  /** A frame of a type that we do not read took a number of the books. */
  unread(what: string, nowMs: number): void {
    this.#unread.what = what
    this.#unread.count++
    if (this.#change?.what === what) this.changed(what, nowMs)
  }

  /** `seq`: the last number of the books. Answers whether so many of them were of types that we do not read. */
  counted(seq: number | undefined, nowMs: number): boolean {
    if (seq === undefined) return false
    const { what, count, sinceMs, sinceSeq } = this.#unread
    if (nowMs - sinceMs > UNREAD_WINDOW_MS || seq < sinceSeq) {
      this.#unread = { what: '', count: 0, sinceMs: nowMs, sinceSeq: seq }
      return false
    }
    const isMany = count >= UNREAD_MIN && count > (seq - sinceSeq) * SHARE_MAX
    return isMany && this.#change === undefined && this.changed(what, nowMs)
  }

  /** The wire has changed, by whatever evidence. Answers whether that is news. */
  changed(what: string, nowMs: number): boolean {
    if (this.#change !== undefined) {
      this.#hasFailed = true
      return false
    }
    this.#change = { what, sinceMs: nowMs }
    this.#relapses = nowMs - this.#soundMs > WINDOW_MS ? 0 : Math.min(RELAPSES_MAX, this.#relapses + 1)
    this.#pauseMs = TRIAL_MS
    this.#endTrial(nowMs)
    return true
  }

  /**
   * While changed: the markets to ask for now, out of those in doubt; `sound` when enough trials were, or nothing is left in
   * doubt.
   */
  next(listDoubtful: () => readonly string[], nowMs: number): readonly string[] | 'sound' {
    if (this.#change === undefined || nowMs < this.#dueMs) return []
    const inDoubt = listDoubtful()
    const isTried = this.#trial.size > 0
    const isSound = !this.#hasFailed && [...this.#trial.values()].every((each) => each)
    if (isSound && (isTried || inDoubt.length === 0)) this.#sound++
    if (!isSound) this.#sound = 0
    this.#pauseMs = isSound ? TRIAL_MS : Math.min(TRIAL_MS_MAX, this.#pauseMs * 2)
    if (this.#sound >= SOUND_TRIALS + this.#relapses || (isSound && inDoubt.length === 0)) {
      this.#change = undefined
      this.#soundMs = nowMs
      this.#kinds.clear()
      this.#endTrial(nowMs)
      return 'sound'
    }
    const tried = new Set(this.#trial.keys())
    this.#endTrial(nowMs)
    // Another market than before where there is one: the last may be the one that is wrong.
    const others = inDoubt.filter((each) => !tried.has(each))
    const chosen = [...others, ...inDoubt.filter((each) => tried.has(each))].slice(0, 2 ** this.#sound)
    for (const market of chosen) this.#trial.set(market, false)
    return chosen
  }

  /** The connection is gone: the next one is judged by its own books. */
  clear(): void {
    this.#answeredMs.clear()
    this.#kinds.clear()
    this.#change = undefined
    this.#trial.clear()
    this.#sound = 0
    this.#unread = { what: '', count: 0, sinceMs: Number.NEGATIVE_INFINITY, sinceSeq: 0 }
  }

  /** A market is wanted no more. */
  drop(market: string): void {
    this.#answeredMs.delete(market)
    this.#trial.delete(market)
    for (const { markets } of this.#kinds.values()) markets.delete(market)
  }

  #endTrial(nowMs: number): void {
    this.#trial.clear()
    this.#hasFailed = false
    this.#dueMs = nowMs + this.#pauseMs
    if (this.#change === undefined) this.#sound = 0
  }

  #answeredSince(sinceMs: number): number {
    let count = 0
    for (const atMs of this.#answeredMs.values()) if (atMs >= sinceMs) count++
    return count
  }

  #kindOf(what: string): Kind {
    const known = this.#kinds.get(what)
    if (known !== undefined) return known
    const [oldest] = this.#kinds.keys()
    if (oldest !== undefined && this.#kinds.size >= KINDS_MAX) this.#kinds.delete(oldest)
    const kind = { markets: new Map(), times: [] }
    this.#kinds.set(what, kind)
    return kind
  }
}
