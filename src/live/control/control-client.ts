/** Asks a running recorder over its control socket. One question, one connection: for commands, not for streams. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import {
  type ControlAnswers,
  type ControlFailure,
  type ControlRequest,
  LINE_BYTES_MAX,
  POINTER_NAME,
  SOCKET_NAME,
} from './control-protocol.ts'
import { LineSplitter } from './lines.ts'

export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

const ANSWER_MS_MAX = 10_000

/** The answer. Throws {@link ControlError}: FLOW_NO_RECORDER when none runs there, or the recorder's own refusal. */
export function askRecorder<Ask extends keyof ControlAnswers>(
  dataFolder: string,
  request: ControlRequest & { readonly ask: Ask },
): Promise<ControlAnswers[Ask]> {
  return new Promise((done, fail) => {
    const socket = connect(socketPath(dataFolder))
    const lines = new LineSplitter(LINE_BYTES_MAX)
    socket.setTimeout(ANSWER_MS_MAX, () => {
      fail(
        new ControlError(
          'FLOW_CONTROL_TIMEOUT',
          `the recorder of ${dataFolder} did not answer within ${ANSWER_MS_MAX / 1000} s`,
        ),
      )
      socket.destroy()
    })
    socket.on('error', (cause) => {
      fail(
        new ControlError(
          'FLOW_NO_RECORDER',
          `no recorder runs on ${dataFolder}: start one there, or read the journal with --from journal`,
          cause,
        ),
      )
    })
    socket.on('close', () => fail(new ControlError('FLOW_CONTROL_CLOSED', 'the recorder ended before it answered')))
    socket.on('data', (chunk) => {
      const [line] = lines.push(chunk) ?? []
      if (line === undefined) return
      const { result, error } = JSON.parse(line) as { result?: ControlAnswers[Ask]; error?: ControlFailure }
      if (error !== undefined) fail(new ControlError(error.code, error.message))
      else done(result!)
      socket.destroy()
    })
    socket.write(`${JSON.stringify({ id: 1, ...request })}\n`)
  })
}

/** Where the recorder of a data folder listens, or would. */
export function socketPath(dataFolder: string): string {
  const folder = resolve(dataFolder)
  try {
    return readFileSync(join(folder, POINTER_NAME), 'utf8').trim()
  } catch {
    return join(folder, SOCKET_NAME)
  }
}
