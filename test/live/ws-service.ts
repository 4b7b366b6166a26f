/**
 * The WebSocket service over a data folder as a process of its own: for tests that load it. Tells its port on standard
 * output, answers `/books` and `/metrics`, and ends when its standard input does.
 */
import { createServer } from 'node:http'
import { formatPosition } from '#domain'
import { followRecorder, Replica } from '#live'
import { attachWebSocket } from '../../src/api/ws/index.ts'

const [dataFolder, limits = '{}'] = process.argv.slice(2)
const replica = await Replica.open({ folder: `${dataFolder}/journal`, recorder: followRecorder(dataFolder!) })
const server = createServer((request, response) => {
  const body =
    request.url === '/books'
      ? {
          position: formatPosition(replica.position),
          books: replica.fold.markets().map((market) => replica.view(market)),
        }
      : { ...service.metrics(), state: replica.state, memory: process.memoryUsage() }
  response.end(JSON.stringify(body))
})
const service = attachWebSocket({
  server,
  path: '/rl/ws',
  replica,
  admit: () => undefined,
  limits: JSON.parse(limits),
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify(server.address())}\n`))
process.stdin.on('end', () => process.exit(0)).resume()
