import { createServer, type Server } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { openS3Target } from './s3-target.ts'

let server: Server | undefined

afterEach(() => {
  vi.unstubAllEnvs()
  server?.close()
})

test('a store that takes connections and never answers is given up', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'any')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'any')
  server = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const target = await openS3Target({ bucket: 'some', prefix: '', endpoint: `http://127.0.0.1:${port}` }, 100)
  await expect(target.list('')).rejects.toMatchObject({
    code: 'FLOW_ARCHIVE_UNREACHABLE',
    message: expect.stringContaining('it does not answer'),
  })
  await expect(target.head('a')).rejects.toMatchObject({ code: 'FLOW_ARCHIVE_UNREACHABLE' })
  target.close()
})
