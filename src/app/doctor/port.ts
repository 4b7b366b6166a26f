/** The port of the API: free, or held by the recorder of this very folder. */
import { createServer } from 'node:net'
import { isRecording } from '../recorder/data-lock.ts'
import { bad, type Check, good, skipped } from './check.ts'

export const port: Check = {
  name: 'port',
  limitMs: 5_000,
  async look({ config: { api }, dataFolder }) {
    if (api.port === 0) return skipped('PORT is 0: a free one is taken')
    const code = await tryPort(api.port, api.host)
    const where = `${api.host}:${api.port}`
    if (code === undefined) return good(`${where} is free`)
    if (code === 'EADDRINUSE' && isRecording(dataFolder))
      return good(`${where} is in use; a recorder of this folder runs`)
    const remedies: Record<string, string> = {
      EADDRINUSE: 'Stop the program that has it, or set PORT (or --port) to another; 0 takes a free one.',
      EACCES: 'Take a port from 1024 on, or give the program the right to listen below.',
      EADDRNOTAVAIL: 'KALSHIFLOW_HOST names no address of this machine: 127.0.0.1 is one, 0.0.0.0 is all.',
    }
    return bad({
      found: `${where} cannot be listened on (${code})`,
      needed: 'a port that is free',
      remedy: remedies[code] ?? 'Correct PORT and KALSHIFLOW_HOST.',
    })
  },
}

/** The code of what keeps us from listening there; `undefined` when nothing does. Lets go of it at once. */
function tryPort(wanted: number, host: string): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown'))
    server.listen({ port: wanted, host, exclusive: true }, () => server.close(() => done(undefined)))
  })
}
