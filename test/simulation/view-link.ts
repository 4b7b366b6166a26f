/**
 * The control socket's `follow` without a socket: what src/app/control/follow-streams.ts tells and
 * src/live/control/follow-recorder.ts hears, with a delay on the way, and cuts. A recorder that has died is `gone` once it
 * is looked for.
 */
import { comparePositions } from '#domain'
import type { SeededRandom } from '#journal'
import {
  FOLLOW_HEARTBEAT_MS,
  FOLLOW_LINE_MS_MIN,
  type LinkState,
  type RecorderHead,
  type RecorderIdentity,
  type RecorderLink,
} from '#live'
import type { RecorderLife } from './recorder.ts'
import type { Actor, VirtualTime } from './virtual-time.ts'

/** The recorder that runs now; `undefined` while none does. */
export type Now = () => { readonly life: RecorderLife; readonly identity: RecorderIdentity } | undefined

/** The longest that a line is on its way. */
export const LINE_MS_MAX = 40
const LOOK_MS_MIN = 50
const LOOK_MS_MAX = 1_000

export type ViewLinkOptions = {
  readonly time: VirtualTime
  readonly actor: Actor
  readonly random: SeededRandom
  readonly now: Now
}

export class ViewLink implements RecorderLink {
  state: LinkState = 'looking'
  identity: RecorderIdentity | undefined
  head: RecorderHead | undefined
  readonly #options: ViewLinkOptions
  readonly #listeners = new Set<() => void>()
  /** The recorder whose stream is open. */
  #followed: RecorderLife | undefined
  #heardMs = Number.NEGATIVE_INFINITY
  #lookMs = LOOK_MS_MIN
  #toldMs = 0
  #isDelayed = false
  #isClosed = false
  #lastMs = 0

  constructor(options: ViewLinkOptions) {
    this.#options = options
    this.#look()
    options.actor.time.every(FOLLOW_HEARTBEAT_MS, () => this.#tell())
  }

  get silentMs(): number {
    return this.#options.time.nowMs - this.#heardMs
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#isClosed = true
    this.#listeners.clear()
  }

  /** The recorder's durable position moved. */
  durableMoved(life: RecorderLife): void {
    if (life !== this.#followed || this.#isDelayed) return
    const { nowMs } = this.#options.time
    const leftMs = this.#toldMs + FOLLOW_LINE_MS_MIN - nowMs
    if (leftMs <= 0) this.#tell()
    else {
      this.#isDelayed = true
      this.#options.time.after(leftMs, this.#options.actor, () => {
        this.#isDelayed = false
        this.#tell()
      })
    }
  }

  /** The stream ends: the recorder has, or somebody cut it. */
  cut(): void {
    if (this.#followed === undefined || this.#isClosed) return
    this.#followed = undefined
    this.#ended()
  }

  #look(): void {
    if (this.#isClosed) return
    const { time, actor, random, now } = this.#options
    time.after(1 + random.unit() * 5, actor, () => {
      const found = now()
      if (found === undefined) {
        this.#ended('gone')
        return
      }
      this.#followed = found.life
      this.identity = found.identity
      this.#lookMs = LOOK_MS_MIN
      this.#tell()
    })
  }

  #ended(state: LinkState = 'looking'): void {
    this.state = state
    this.#options.time.after(this.#lookMs, this.#options.actor, () => this.#look())
    this.#lookMs = Math.min(LOOK_MS_MAX, this.#lookMs * 2)
    this.#wake()
  }

  /** A line sets out; lines come in their order. */
  #tell(): void {
    const { time, actor, random } = this.#options
    const life = this.#followed
    if (life === undefined) return
    this.#toldMs = time.nowMs
    const { durable, head } = life.journal
    const { waitingMs } = life.tape
    const end = comparePositions(head, durable) < 0 ? durable : head
    const line = { head: end, durable, headMs: time.nowMs, waitingMs }
    this.#lastMs = Math.max(this.#lastMs, time.nowMs + random.unit() ** 3 * LINE_MS_MAX)
    time.after(this.#lastMs - time.nowMs, actor, () => {
      if (this.#followed !== life) return
      this.head = line
      this.state = 'following'
      this.#heardMs = time.nowMs
      this.#wake()
    })
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
