/**
 * A thread of a running program, reached through Node's own debugger: the way to make one crash or hang without a line in
 * the program that is there for it.
 */
import { WebSocket } from 'ws'

/** Runs `expression` in the thread whose file ends so. The program must have been started with `--inspect=0`. */
export async function evaluateInThread(err: string, file: string, expression: string): Promise<void> {
  const address = /Debugger listening on (ws:\S+)/.exec(err)?.[1]
  if (address === undefined) throw new Error('the program has no debugger')
  const socket = new WebSocket(address)
  try {
    await new Promise((done, fail) => socket.once('open', done).once('error', fail))
    const session = new Promise<string>((found) => {
      socket.on('message', (text) => {
        const { method, params } = JSON.parse(String(text)) as { method?: string; params: Attached }
        if (method === 'NodeWorker.attachedToWorker' && params.workerInfo.url.endsWith(file)) found(params.sessionId)
      })
    })
    const send = (id: number, method: string, params: object) => socket.send(JSON.stringify({ id, method, params }))
    send(1, 'NodeWorker.enable', { waitForDebuggerOnStart: false })
    const sessionId = await session
    const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } })
    const sent = new Promise<void>((done) =>
      socket.on('message', (text) => (JSON.parse(String(text)) as { id?: number }).id === 2 && done()),
    )
    send(2, 'NodeWorker.sendMessageToWorker', { sessionId, message })
    await sent
  } finally {
    socket.terminate()
  }
}

type Attached = { readonly sessionId: string; readonly workerInfo: { readonly url: string } }
