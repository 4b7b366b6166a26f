/**
 * Follows a recorder over its control socket: keeps the latest of what it says, and goes on looking when it ends.
 *
 * Never throws and never gives up; a wait between two looks grows to {@link LOOK_MS_MAX}. A recorder that is connected and
 * says nothing for {@link SILENCE_MS_MAX} is looked for anew.
 */
import { connect, type Socket } from 'node:net'
import { parsePosition } from '#domain'
import type { LinkState, RecorderHead, RecorderLink } from '../recorder-link.ts'
import { socketPath } from './control-client.ts'
import { type FollowLine, REQUEST_BYTES_MAX, type RecorderIdentity } from './control-protocol.ts'
import { LineSplitter } from './lines.ts'

export const LOOK_MS_MIN = 50
export const LOOK_MS_MAX = 1_000
/** Five heartbeats. */
export const SILENCE_MS_MAX = 5_000

/** Nobody listens there: the process is gone, or none ever was. */
const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR'])

export const followRecorder = (dataFolder: string): RecorderLink => new FollowLink(dataFolder)

class FollowLink implements RecorderLink {
  state: LinkState = 'looking'
  identity: RecorderIdentity | undefined
  head: RecorderHead | undefined
  readonly #dataFolder: string
  readonly #listeners = new Set<() => void>()
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #heardMs = Number.NEGATIVE_INFINITY
  #lookMs = LOOK_MS_MIN
  #isClosed = false

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder
    this.#look()
  }

  get silentMs(): number {
    return performance.now() - this.#heardMs
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#isClosed = true
    this.#listeners.clear()
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  #look(): void {
    const socket = connect(socketPath(this.#dataFolder))
    const lines = new LineSplitter(REQUEST_BYTES_MAX)
    let failure: string | undefined
    this.#socket = socket
    socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy())
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code
    })
    socket.on('data', (chunk) => {
      const texts = lines.push(chunk)
      if (texts === undefined || !texts.every((text) => this.#take(text))) socket.destroy()
      else this.#tell()
    })
    socket.on('close', () => this.#ended(failure))
    socket.write(`${JSON.stringify({ id: 1, ask: 'follow' })}\n`)
  }

  /** One line; `false` for what no recorder says. */
  #take(text: string): boolean {
    let line: Partial<FollowLine> & { readonly result?: RecorderIdentity }
    try {
      line = JSON.parse(text)
    } catch {
      return false
    }
    if (line?.result !== undefined) {
      this.identity = line.result
      return true
    }
    const head = parsePosition(String(line?.head))
    const durable = parsePosition(String(line?.durable))
    if (head === undefined || durable === undefined || typeof line.head_ms !== 'number') return false
    const waitingMs = typeof line.waiting_ms === 'number' ? line.waiting_ms : undefined
    this.head = { head, durable, headMs: line.head_ms, waitingMs }
    this.state = 'following'
    this.#heardMs = performance.now()
    this.#lookMs = LOOK_MS_MIN
    return true
  }

  #ended(failure: string | undefined): void {
    if (this.#isClosed) return
    this.state = failure !== undefined && NOBODY.has(failure) ? 'gone' : 'looking'
    this.#timer = setTimeout(() => this.#look(), this.#lookMs)
    this.#lookMs = Math.min(LOOK_MS_MAX, this.#lookMs * 2)
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
