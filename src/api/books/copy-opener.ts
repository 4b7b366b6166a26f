/** Opens the copy of the books in the background: the service listens meanwhile, and answers that there is none yet. */
import { followRecorder, Replica, type ReplicaEvent } from '#live'
import type { ApiEvent } from '../api-options.ts'

export class CopyOpener {
  readonly #opening: Promise<Replica>
  #copy: Replica | undefined
  #isClosed = false

  /** `onOpen` is called once. */
  constructor(dataFolder: string, tell: (event: ApiEvent) => void, onOpen: (copy: Replica) => void) {
    this.#opening = Replica.open({
      folder: `${dataFolder}/journal`,
      recorder: followRecorder(dataFolder),
      onEvent: (event) => tell(told(event)),
    })
    void this.#opening.then((copy) => {
      this.#copy = copy
      if (!this.#isClosed) onOpen(copy)
    })
  }

  /** `undefined` before it is open. */
  get copy(): Replica | undefined {
    return this.#copy
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const copy = await this.#opening
    await copy.close()
  }
}

function told(event: ReplicaEvent): ApiEvent {
  switch (event.kind) {
    case 'state':
      return { kind: 'copy_event', what: event.state, behindMs: event.behindMs }
    case 'read_fault':
      return { kind: 'copy_event', what: 'read_fault', fault: event.fault }
    case 'failed':
      return { kind: 'copy_event', what: 'failed', reason: event.error.message, retryMs: event.retryMs }
  }
}
