/**
 * A wire that can be torn: a TCP proxy between recorder and exchange that drops sockets, or lets them stand open and carry
 * nothing. It looks into no byte, and knows nothing of WebSockets.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type TornWire = {
  readonly port: number
  /** Destroys every socket that is open, at both ends; answers how many. */
  drop(): number
  /** What is open carries nothing any more, in either direction, and stays open. Sockets to come are whole. */
  halfOpen(): number
  close(): Promise<void>
}

type Pair = { readonly near: Socket; readonly far: Socket }

export async function tearWire(toPort: number): Promise<TornWire> {
  const pairs = new Set<Pair>()
  const server = createServer((near) => {
    const pair = { near, far: connect(toPort, '127.0.0.1') }
    pairs.add(pair)
    near.pipe(pair.far).pipe(near)
    for (const socket of [near, pair.far]) {
      socket.on('error', () => destroy(pair))
      socket.on('close', () => destroy(pair))
    }
  })
  const destroy = (pair: Pair): void => {
    pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    drop: () => {
      const open = [...pairs]
      for (const pair of open) destroy(pair)
      return open.length
    },
    halfOpen: () => {
      for (const { near, far } of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        // What comes is taken and thrown away: the other end sees a socket that reads.
        near.resume()
        far.resume()
      }
      return pairs.size
    },
    close: () => {
      for (const pair of [...pairs]) destroy(pair)
      return new Promise((done) => void server.close(() => done()))
    },
  }
}
