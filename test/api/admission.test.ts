/** Who is let in and how much of it: tokens, Host and Origin, limits, broken requests, and a port that is taken. */
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { ApiOptions } from '#api'
import { aFolder, until } from '../support/recording.ts'
import { ADMIN, clientOf, READ, type Service, serve, startOn } from './service.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

let service: Service
beforeAll(async () => {
  service = await serve({ adminToken: ADMIN })
  await until('the copy is there', async () => (await service.get('/rl/markets')).status === 200)
})
afterAll(() => service.close())

/** A further service on the same recorder. */
async function another(options: Partial<ApiOptions>) {
  const { api, events } = await startOn(service.folder, options)
  cleanups.push(() => api.close())
  const client = clientOf(api.url)
  await until('its copy is there', async () => {
    const { status } = await client.get('/rl/orderbook/snapshot?depth=1', {
      authorization: `Bearer ${options.readToken ?? ''}`,
    })
    return status !== 503
  })
  return { url: api.url, events, ...client }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('tokens', () => {
  test('are needed for everything but health once a read token is set; the admin token reads too', async () => {
    const { get, admin } = await another({ readToken: READ, adminToken: ADMIN })
    for (const path of [
      '/rl/status',
      '/rl/markets',
      '/rl/orderbook/snapshot',
      '/rl/gaps',
      '/rl/metrics',
      '/rl/docs',
      '/rl/nothing',
    ]) {
      const { status, body, headers } = await get(path)
      expect([status, body.error.code, headers['www-authenticate']], path).toEqual([
        401,
        'FLOW_API_UNAUTHORIZED',
        'Bearer',
      ])
      expect((await get(path, bearer('wrong-wrong-wrong'))).status, path).toBe(401)
      const wanted = path === '/rl/nothing' ? 404 : 200
      expect((await get(path, bearer(READ))).status, path).toBe(wanted)
      expect((await get(path, bearer(ADMIN))).status, path).toBe(wanted)
      expect((await get(`${path}?token=${READ}`)).status, path).toBe(401)
    }
    expect((await get('/rl/health')).status).toBe(200)
    expect((await get('/rl/health/live')).status).toBe(200)
    expect((await admin('flush', undefined, READ)).status).toBe(401)
    expect((await admin('flush')).status).toBe(200)
  })

  test('are not taken in any other shape', async () => {
    const { get } = await another({ readToken: READ })
    for (const authorization of [
      READ,
      `Basic ${Buffer.from(`x:${READ}`).toString('base64')}`,
      `Bearer ${READ}x`,
      `Bearer ${READ.slice(0, -1)}`,
      `Bearer ${READ} ${READ}`,
      `Bearer ${READ},Bearer ${READ}`,
      'Bearer ',
      `Bearer ${'x'.repeat(10_000)}`,
    ]) {
      expect((await get('/rl/status', { authorization })).status, authorization.slice(0, 40)).toBe(401)
    }
    expect((await get('/rl/status', { authorization: `bearer  ${READ}` })).status).toBe(200)
  })

  test('of an admin are refused by a reason of its own where none is set', async () => {
    const { admin, events } = await another({})
    const { status, body } = await admin('pause')
    expect([status, body.error.code]).toEqual([403, 'FLOW_API_ADMIN_OFF'])
    expect(body.error.message).toContain('KALSHIFLOW_ADMIN_TOKEN')
    expect(events.filter(({ kind }) => kind === 'admin_call')).toMatchObject([{ action: 'pause', status: 403 }])
    expect(service.recorder.links.some(({ session }) => session.state === 'live')).toBe(true)
  })

  test('open a WebSocket by header or, where a browser cannot send one, in the address', async () => {
    const { url } = await another({ readToken: READ })
    const address = `${url.replace('http', 'ws')}/rl/ws`
    expect(await opened(address)).toBe(401)
    expect(await opened(address, bearer('wrong-wrong-wrong'))).toBe(401)
    expect(await opened(`${address}?token=wrong`)).toBe(401)
    expect(await opened(address, bearer(READ))).toBe('open')
    expect(await opened(`${address}?token=${READ}`)).toBe('open')
  })

  test('are needed to listen beyond this machine at all', async () => {
    const { path, remove } = aFolder()
    cleanups.push(remove)
    await expect(startOn(path, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'FLOW_API_TOKEN_NEEDED' })
  })
})

describe('addresses', () => {
  test('of other names are refused, so that no web site reads us under its own', async () => {
    for (const host of [
      'evil.example',
      'evil.example:8001',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '[::2]',
      'a b',
    ]) {
      const { status, body } = await service.get('/rl/status', { host })
      expect([status, body.error.code], host).toEqual([421, 'FLOW_API_HOST'])
    }
    for (const host of ['localhost', 'LOCALHOST:9', '127.0.0.1:1', '127.8.8.8', '[::1]:8001']) {
      expect((await service.get('/rl/health/live', { host })).status, host).toBe(200)
    }
  })

  test('of pages elsewhere open no WebSocket and read nothing, unless they are named', async () => {
    const { url, get } = await another({ corsOrigins: ['https://panel.example'] })
    const address = `${url.replace('http', 'ws')}/rl/ws`
    expect(await opened(address, { origin: 'https://evil.example' })).toBe(403)
    expect(await opened(address, { origin: 'https://panel.example' })).toBe('open')
    expect(await opened(address, { origin: url })).toBe('open')
    const allowed = async (origin: string) =>
      (await get('/rl/health/live', { origin })).headers['access-control-allow-origin']
    expect(await allowed('https://panel.example')).toBe('https://panel.example')
    expect(await allowed('https://evil.example')).toBeUndefined()
    const { headers } = await service.get('/rl/health/live', { origin: 'https://panel.example' })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('limits', () => {
  test('hold a client to so many requests a second, and say when to come back; health is not counted', async () => {
    const { get, ask } = await another({ limits: { requestsPerSecondMax: 20, listsPerSecondMax: 5 }, readToken: READ })
    const many = async (count: number, path: string) =>
      await Promise.all(Array.from({ length: count }, () => get(path, bearer(READ))))
    const answers = await many(40, '/rl/status')
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(20)
    const refused = answers.find(({ status }) => status === 429)!
    expect(refused.body.error.code).toBe('FLOW_API_TOO_MANY_REQUESTS')
    expect(Number(refused.headers['retry-after'])).toBe(1)
    expect((await get('/rl/health')).status).toBe(200)
    expect((await many(20, '/rl/markets')).filter(({ status }) => status === 200).length).toBeLessThanOrEqual(10)
    // Tries of tokens and of paths count as well.
    const tries = await Promise.all(
      Array.from({ length: 60 }, (_, index) => ask(index % 2 === 0 ? '/rl/none' : '/rl/status')),
    )
    expect(tries.filter(({ status }) => status === 429).length).toBeGreaterThan(15)
    await until('the second is over', async () => (await get('/rl/status', bearer(READ))).status === 200)
  })

  test('cut what is too long, too slow or no HTTP, in the shape of any other fault', async () => {
    const quick = await another({ limits: { headersMs: 400, requestMs: 800, idleMs: 1500, connectionsMax: 20 } })
    expect((await quick.get(`/rl/status?${'x'.repeat(13_000)}`)).body.error.code).toBe('FLOW_API_URL_TOO_LONG')
    const port = Number(new URL(quick.url).port)
    expect(await raw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [\s\S]*FLOW_API_HEADERS_TOO_LARGE/,
    )
    expect(await raw(port, 'GET nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [\s\S]*FLOW_API_BAD_REQUEST/)
    expect(await raw(port, '\x16\x03\x01\x02\x00')).toMatch(/^HTTP\/1.1 400 /)
    expect(await raw(port, 'GET / HTTP/1.1\r\nHost: localh')).toMatch(/^HTTP\/1.1 408 [\s\S]*FLOW_API_SLOW_REQUEST/)
    const body =
      'POST /rl/admin/flush HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{'
    expect(await raw(port, body)).toMatch(/^HTTP\/1.1 (403|408) /)
    expect((await quick.get('/rl/health/live')).status).toBe(200)
  })

  test('let go of connections beyond the most, and serve the others', async () => {
    const few = await another({ limits: { connectionsMax: 5 } })
    const port = Number(new URL(few.url).port)
    const sockets: Socket[] = []
    let ended = 0
    for (let index = 0; index < 12; index++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => ended++)
      sockets.push(socket)
    }
    await until('the others are let go', () => ended >= 7)
    for (const socket of sockets) socket.destroy()
    await until('there is room again', async () => {
      return await few.get('/rl/health/live').then(
        ({ status }) => status === 200,
        () => false,
      )
    })
  })
})

test('the end waits for nobody who sends or reads slowly', async () => {
  const { path, remove } = aFolder()
  cleanups.push(remove)
  const { api } = await startOn(path, { adminToken: ADMIN })
  const port = Number(new URL(api.url).port)
  const head = `Host: localhost\r\nAuthorization: Bearer ${ADMIN}\r\nContent-Type: application/json\r\n`
  const slow = raw(port, `POST /rl/admin/flush HTTP/1.1\r\n${head}Content-Length: 100\r\n\r\n{`)
  const idle = raw(port, '')
  await until('both are connected', async () => (await clientOf(api.url).get('/rl/health/live')).status === 200)
  const startedMs = performance.now()
  await api.close()
  expect(performance.now() - startedMs).toBeLessThan(3_000)
  await Promise.all([slow, idle])
})

test('the name localhost, and IPv6 where there is one, are listened on with WebSockets too', async () => {
  const { url } = await another({ host: 'localhost' })
  expect(new URL(url).hostname).toBe('127.0.0.1')
  expect(await opened(`${url.replace('http', 'ws')}/rl/ws`)).toBe('open')
  const v6 = await startOn(service.folder, { host: '::1' }).catch((error) => error.code)
  if (v6 === 'FLOW_API_ADDRESS') return
  cleanups.push(() => v6.api.close())
  expect(v6.api.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect((await fetch(`${v6.api.url}/rl/health/live`)).status).toBe(200)
})

describe('a port that is taken', () => {
  test('is told with the program that holds it and what to do', async () => {
    const holder = createServer()
    await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done))
    cleanups.push(() => new Promise((done) => holder.close(done)))
    const { port } = holder.address() as AddressInfo
    const { path, remove } = aFolder()
    cleanups.push(remove)
    const error = await startOn(path, { port }).catch((each) => each)
    expect(error).toMatchObject({ name: 'ApiError', code: 'FLOW_API_PORT_TAKEN' })
    expect(error.message).toContain(String(port))
    expect(error.message).toContain(`PORT=${port + 1}`)
    if (process.platform === 'linux') expect(error.message).toContain(`process ${process.pid}`)
  })

  test('like an address that is not ours, leaves nothing behind', async () => {
    const { path, remove } = aFolder()
    cleanups.push(remove)
    const wrong = { host: '203.0.113.7', readToken: READ }
    await expect(startOn(path, wrong)).rejects.toMatchObject({ code: 'FLOW_API_ADDRESS' })
    const { api } = await startOn(path)
    await Promise.all([api.close(), api.close()])
    await expect(clientOf(api.url).get('/rl/health')).rejects.toThrow()
  })
})

/** `open`, or the status that was answered instead. */
function opened(address: string, headers: Record<string, string> = {}): Promise<'open' | number> {
  return new Promise((done, fail) => {
    const socket = new WebSocket(address, { headers })
    socket.on('unexpected-response', (_request, response) => {
      done(response.statusCode ?? 0)
      socket.terminate()
    })
    socket.on('open', () => {
      done('open')
      socket.terminate()
    })
    socket.on('error', (error) => (socket.readyState === WebSocket.CONNECTING ? undefined : fail(error)))
  })
}

/** What comes back for these bytes until the connection ends. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((done) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk) => {
      text += chunk.toString()
      if (text.includes('"error"')) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => done(text))
  })
}

test('those who sent no HTTP and keep their side open take nobody’s place', async () => {
  const connectionsMax = 4
  const { api } = await startOn(service.folder, { limits: { connectionsMax } })
  cleanups.push(() => api.close())
  let told = 0
  for (let index = 0; index < connectionsMax; index++) {
    const socket = connect({ port: Number(new URL(api.url).port), host: '127.0.0.1', allowHalfOpen: true })
    cleanups.push(() => socket.destroy())
    socket.on('error', () => {})
    socket.once('data', () => told++)
    socket.write('NONSENSE\r\n\r\n')
  }
  await until('all were told', () => told === connectionsMax)
  const { get } = clientOf(api.url)
  const isServed = () =>
    get('/rl/health/live').then(
      ({ status }) => status === 200,
      () => false,
    )
  await until('others are served', isServed, 4_000)
})
