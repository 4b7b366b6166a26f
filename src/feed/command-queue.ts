/**
 * The commands of one connection: sent in order, a few at a time, each answered by its id in whatever order the answers
 * come. Limits: {@link IN_FLIGHT_MAX} unanswered, {@link PER_SECOND_MAX} in any second, {@link ANSWER_MS_MAX} to answer,
 * {@link TRIES_MAX} tries. Pure; is handed the time.
 *
 * A `get_snapshot` is answered by its snapshots alone ([R] 2026-05, unconfirmed live): no answer is awaited for it, and its
 * id is remembered only so that an error can be matched.
 */
import { type Command, encodeCommand } from '#codec'

export const IN_FLIGHT_MAX = 4
/** Kalshi allows 10,000 (changelog, 2026-06-18): we stay at a hundredth. */
export const PER_SECOND_MAX = 100
export const ANSWER_MS_MAX = 10_000
export const TRIES_MAX = 4
/** Before a command that was refused for haste is sent again; doubled each time. */
export const RETRY_MS = 500
/** Ids of `get_snapshot` commands remembered. */
const REMEMBERED_MAX = 64

export type Pending = {
  readonly command: Command
  readonly tries: number
  readonly notBeforeMs: number
}

type Sent = Pending & { readonly id: number; readonly sentMs: number }

export class CommandQueue {
  #nextId = 1
  #waiting: Pending[] = []
  readonly #sent = new Map<number, Sent>()
  readonly #remembered = new Map<number, Sent>()
  /** When the last {@link PER_SECOND_MAX} were sent, by the number of the command: any second counts, not the calendar's. */
  readonly #sentMs = new Float64Array(PER_SECOND_MAX).fill(Number.NEGATIVE_INFINITY)
  #sentCount = 0
  readonly #stillMeant: (command: Command) => Command | undefined

  /**
   * `stillMeant`: what is left of a refused command when it comes to be sent again. Others were sent meanwhile, and to
   * delete a market late that was added since would undo what came after.
   */
  constructor(stillMeant: (command: Command) => Command | undefined = (command) => command) {
    this.#stillMeant = stillMeant
  }

  /** Whether nothing is waiting or unanswered. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#sent.size === 0
  }

  /** Whether a command pushed now would be sent now. */
  hasRoom(nowMs: number): boolean {
    return this.#waiting.length === 0 && this.#sent.size < IN_FLIGHT_MAX && this.#mayHurry(nowMs)
  }

  push(command: Command): void {
    this.#waiting.push({ command, tries: 0, notBeforeMs: 0 })
  }

  /** Forgets everything: the connection it was meant for is gone. Ids go on, so that no answer can be mistaken. */
  clear(): void {
    this.#waiting = []
    this.#sent.clear()
    this.#remembered.clear()
  }

  /** The texts that may be sent now. */
  take(nowMs: number): string[] {
    const texts: string[] = []
    for (let index = 0; index < this.#waiting.length && this.#sent.size < IN_FLIGHT_MAX; ) {
      const pending = this.#waiting[index]!
      if (!this.#mayHurry(nowMs)) break
      if (pending.notBeforeMs > nowMs) {
        index++
        continue
      }
      this.#waiting.splice(index, 1)
      const command = pending.tries === 0 ? pending.command : this.#stillMeant(pending.command)
      if (command === undefined) continue
      const id = this.#nextId++
      const sent = { ...pending, command, id, sentMs: nowMs }
      if (isAnswered(command)) this.#sent.set(id, sent)
      else this.#remember(sent)
      this.#sentMs[this.#sentCount++ % PER_SECOND_MAX] = nowMs
      texts.push(encodeCommand(id, command))
    }
    return texts
  }

  /** The command that an id belongs to, which is then settled; `undefined` for an id that is not awaited. */
  answer(id: number | undefined): Pending | undefined {
    if (id === undefined) return undefined
    const sent = this.#sent.get(id) ?? this.#remembered.get(id)
    this.#sent.delete(id)
    this.#remembered.delete(id)
    return sent
  }

  /** The command that an id belongs to, still awaited. */
  peek(id: number | undefined): Pending | undefined {
    return id === undefined ? undefined : this.#sent.get(id)
  }

  /** Puts a settled command back, to be sent again after a pause; `false` when it had its tries. */
  retry({ command, tries }: Pending, nowMs: number): boolean {
    if (tries + 1 >= TRIES_MAX) return false
    this.#waiting.push({ command, tries: tries + 1, notBeforeMs: nowMs + RETRY_MS * 2 ** tries })
    return true
  }

  /** The first command whose answer is overdue. */
  overdue(nowMs: number): Command | undefined {
    for (const { command, sentMs } of this.#sent.values()) if (nowMs - sentMs > ANSWER_MS_MAX) return command
    return undefined
  }

  /** Whether fewer than {@link PER_SECOND_MAX} were sent in the second that ends now. */
  #mayHurry(nowMs: number): boolean {
    return nowMs - this.#sentMs[this.#sentCount % PER_SECOND_MAX]! >= 1000
  }

  #remember(sent: Sent): void {
    this.#remembered.set(sent.id, sent)
    if (this.#remembered.size <= REMEMBERED_MAX) return
    const [oldest] = this.#remembered.keys()
    this.#remembered.delete(oldest!)
  }
}

const isAnswered = (command: Command): boolean => !(command.cmd === 'update' && command.action === 'get_snapshot')
