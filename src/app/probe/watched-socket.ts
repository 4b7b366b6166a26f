/** One socket of the probe: everything that comes and goes is kept, up to a limit, and commands are numbered. */
import { type Knocked, openPlainSocket, type PlainSocket, type PlainSocketOptions } from '#kalshi'
import { asJson, type ConnectionName, type SeenCommand, type SeenConnection, type SeenFrame } from './seen.ts'

/** Frames of all connections together; a probe that sees more ends early. */
export const FRAMES_MAX = 400_000
/** Commands of one connection: far below what is allowed a second. */
const COMMAND_EVERY_MS = 50

export class WatchedSocket implements SeenConnection {
  readonly name: ConnectionName
  readonly events: (SeenFrame | SeenCommand)[] = []
  readonly pings: { atMs: number; body: string }[] = []
  closed: SeenConnection['closed']
  #socket: PlainSocket | undefined
  #nextId = 1
  #lastSentMs = 0

  constructor(name: ConnectionName) {
    this.name = name
  }

  async open(options: PlainSocketOptions): Promise<Knocked> {
    const knocked = await openPlainSocket({
      ...options,
      onMessage: (text) => this.#take(text),
      onPing: (body) => void this.pings.push({ atMs: Date.now(), body: body.slice(0, 100) }),
      onClose: (code, reason) => {
        if (this.#socket !== undefined) this.closed = { code, reason }
      },
    })
    if (knocked.kind === 'open') this.#socket = knocked.socket
    return knocked
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && this.closed === undefined
  }

  /** Sends a command when the last one is long enough ago. Answers its id. */
  async command(cmd: string, params?: object): Promise<number> {
    const waitMs = this.#lastSentMs + COMMAND_EVERY_MS - Date.now()
    if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs))
    const id = this.#nextId++
    const text = JSON.stringify({ id, cmd, ...(params === undefined ? {} : { params }) })
    this.#lastSentMs = Date.now()
    if (!this.isOpen) return id
    this.events.push({ kind: 'command', atMs: this.#lastSentMs, text, id })
    this.#socket?.send(text)
    return id
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }

  #take(text: string): void {
    let frame: unknown
    try {
      frame = JSON.parse(text)
    } catch {
      // Kept as it came: that it is no object is an answer too.
    }
    const object = asJson(frame)
    this.events.push({ kind: 'frame', atMs: Date.now(), text, frame: object, msg: asJson(object['msg']) })
  }
}
