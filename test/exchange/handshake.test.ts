import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateKeyPem, type RunningExchange, startExchange } from '#exchange'
import { type Client, connect, DEMO_CAPTURE, NEVER_STARTS, openExchange, openSocket, signedHeaders } from './support.ts'

/** The status and body with which a handshake is answered; 101 when it is let in. */
function knock(exchange: RunningExchange, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const socket = openSocket(exchange, headers)
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => {
      socket.terminate()
      resolve({ status: 101, body: '' })
    })
    socket.on('unexpected-response', (_, response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
  })
}

describe.each(['rsa', 'ed25519'] as const)('with a key of type %s', (keyType) => {
  let exchange: RunningExchange
  let folder: string
  let keyOut: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'exchange-key-'))
    keyOut = join(folder, 'key.pem')
    exchange = await startExchange({ port: 0, capture: DEMO_CAPTURE, keyType, keyOut, ...NEVER_STARTS })
  })
  afterAll(async () => {
    await exchange.close()
    await rm(folder, { recursive: true })
  })

  test('its PEM is written for its owner alone, and opens the door under any key id', async () => {
    expect(statSync(keyOut).mode & 0o777).toBe(0o600)
    const pem = readFileSync(keyOut, 'utf8')
    expect(pem).toBe(exchange.keyPem)
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    expect(await knock(exchange, { ...signedHeaders(pem), 'KALSHI-ACCESS-KEY': 'another' })).toMatchObject({
      status: 101,
    })
  })

  test('the signature of another key is refused', async () => {
    const other = await generateKeyPem(keyType)
    const { status, body } = await knock(exchange, signedHeaders(other))
    expect(status).toBe(401)
    expect(JSON.parse(body).error.code).toBe('incorrect_signature')
  })

  test.each([
    ['another text', (pem: string) => signedHeaders(pem, Date.now(), 'GET/trade-api/v2')],
    ['no signature at all', (pem: string) => ({ ...signedHeaders(pem), 'KALSHI-ACCESS-SIGNATURE': '' })],
    ['a signature that is no base64', (pem: string) => ({ ...signedHeaders(pem), 'KALSHI-ACCESS-SIGNATURE': '###' })],
    ['no headers', () => ({})],
  ])('%s is answered 401', async (_, headers) => {
    expect(await knock(exchange, headers(exchange.keyPem))).toMatchObject({ status: 401 })
  })

  test.each([-61_000, 61_000])('a stamp %i ms off is answered 401 header_timestamp_expired', async (offMs) => {
    const { status, body } = await knock(exchange, signedHeaders(exchange.keyPem, Date.now() + offMs))
    expect(status).toBe(401)
    expect(JSON.parse(body).error.code).toBe('header_timestamp_expired')
  })

  test.each([-55_000, 55_000])('a stamp %i ms off is let in', async (offMs) => {
    expect(await knock(exchange, signedHeaders(exchange.keyPem, Date.now() + offMs))).toMatchObject({ status: 101 })
  })

  test('REST asks for no signature, but checks one that is sent', async () => {
    const url = `${exchange.restUrl}/markets?limit=1`
    const statusWith = async (headers: Record<string, string>) => (await fetch(url, { headers })).status
    expect(await statusWith({})).toBe(200)
    expect(await statusWith(signedHeaders(exchange.keyPem, Date.now(), 'GET/trade-api/v2/markets'))).toBe(200)
    expect(await statusWith(signedHeaders(exchange.keyPem, Date.now(), 'GET/trade-api/v2/markets?limit=1'))).toBe(401)
    expect(await statusWith({ 'KALSHI-ACCESS-KEY': 'alone' })).toBe(401)
  })
})

test('connections past the cap are answered 429, and a place that is given up is free again', async () => {
  const exchange = await openExchange({ ...NEVER_STARTS, connectionsMax: 2 })
  const first = await connect(exchange)
  await connect(exchange)
  expect(await knock(exchange, signedHeaders(exchange.keyPem))).toEqual({
    status: 429,
    body: '{"error":"too many requests"}',
  })
  first.close()
  await expect.poll(async () => (await knock(exchange, signedHeaders(exchange.keyPem))).status).toBe(101)
  await exchange.close()
})

test('another path has no WebSocket', async () => {
  const exchange = await openExchange(NEVER_STARTS)
  const elsewhere = { ...exchange, url: exchange.url.replace('/ws/v2', '/ws/v1') } as RunningExchange
  expect(await knock(elsewhere, signedHeaders(exchange.keyPem))).toMatchObject({ status: 404 })
  await exchange.close()
})

test('closing says goodbye to every client', async () => {
  const exchange = await openExchange(NEVER_STARTS)
  const client: Client = await connect(exchange)
  await exchange.close()
  await client.until(() => client.closed !== undefined)
  expect(client.closed).toEqual({ code: 1001 })
  await expect(exchange.done).resolves.toBeUndefined()
})
