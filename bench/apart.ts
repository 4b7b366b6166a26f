/**
 * Runs a part of a bench in a process of its own, pinned to one core where the machine can do that: its heap and its
 * compiled code are then its own, and its garbage is collected on the core that is measured.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const WAIT_MS_MAX = 200_000

export type Apart = {
  /** The next message of the part. Rejects when it ended, or said nothing in time. */
  next<Message>(): Promise<Message>
  tell(message: unknown): void
  /** Waits for the end; ends it when it does not come by itself. */
  close(): Promise<void>
}

/** Starts a file of this folder; `job` is what its {@link takeJob} answers. */
export function startApart(file: string, job: unknown, core: number | undefined): Apart {
  const node = [process.execPath, '--conditions=source', join(import.meta.dirname, file)]
  const [command, ...words] = core === undefined ? node : ['taskset', '-c', String(core), ...node]
  const child = spawn(command!, words, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const exited = once(child, 'exit')
  const inbox = queueOf(child, file)
  child.send({ job })
  return {
    next: inbox,
    tell: (message) => child.send(message as object),
    async close() {
      const overdue = setTimeout(() => child.kill('SIGKILL'), 5_000)
      if (child.connected) child.disconnect()
      await exited
      clearTimeout(overdue)
    },
  }
}

/** Runs a part to its one answer. */
export async function runApart<Answer>(file: string, job: unknown, core: number | undefined): Promise<Answer> {
  const apart = startApart(file, job, core)
  try {
    return await apart.next<Answer>()
  } finally {
    await apart.close()
  }
}

/** In the part: what it was started with. */
export async function takeJob<Job>(): Promise<Job> {
  // Nobody is left to answer: whatever still runs or listens here ends too.
  process.once('disconnect', () => process.exit())
  const { job } = await hear<{ job: Job }>()
  return job
}

/** In the part: the next message from whoever started it. */
export async function hear<Message>(): Promise<Message> {
  const [message] = await once(process, 'message')
  return message as Message
}

/** In the part: resolves once the message is on its way. */
export const say = (message: unknown): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send?.(message, undefined, {}, (error) => (error === null ? resolve() : reject(error)))
  })

/** A line on standard error: standard output is for results. */
export const progress = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`)
}

function queueOf(child: ChildProcess, file: string): <Message>() => Promise<Message> {
  const messages: unknown[] = []
  let failure: Error | undefined
  let wake = () => {}
  child.on('message', (message) => {
    messages.push(message)
    wake()
  })
  const fail = (why: string) => {
    failure ??= new Error(`bench/${file} ${why}: its own words stand above`)
    wake()
  }
  child.on('error', (error) => fail(`could not be started (${error.message})`))
  child.on('exit', (code, signal) => fail(`ended (${signal ?? `code ${code}`}) before it answered`))
  return async <Message>() => {
    const overdue = setTimeout(() => fail(`said nothing for ${WAIT_MS_MAX} ms`), WAIT_MS_MAX)
    try {
      while (messages.length === 0) {
        if (failure !== undefined) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return messages.shift() as Message
    } finally {
      clearTimeout(overdue)
    }
  }
}
