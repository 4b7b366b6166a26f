/** Messages to real servers on this machine: they arrive, what fails is told, and nothing secret is in what is told. */
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Courier, type CourierEvent, type Message, pingDeadMan, sendMessage, type Target, WAITING_MAX } from '#alert'
import { until } from '../support/recording.ts'
import { aMailServer, aWebServer } from './targets.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const web = async (...args: Parameters<typeof aWebServer>) => {
  const server = await aWebServer(...args)
  closing.push(server.close)
  return server
}
const mailServer = async (...args: Parameters<typeof aMailServer>) => {
  const server = await aMailServer(...args)
  closing.push(server.close)
  return server
}

const hidden = (value: string) => ({ reveal: () => value })
const FAST = { limits: { triesMax: 3, tryMsMax: 300, firstWaitMs: 5 } }
const MESSAGE: Message = {
  title: 'not_connected: 1 of 2 connections down',
  text: 'FIRING not_connected <!channel> & so on',
  severity: 'critical',
  fields: { environment: 'prod', firing: 'not_connected' },
}

describe('a webhook', () => {
  test('gets one JSON object, signed over its time and its bytes', async () => {
    const { url, received } = await web()
    const secret = hidden('key of the signature')
    expect(await sendMessage([{ kind: 'webhook', url: hidden(url), secret }], MESSAGE, FAST)).toMatchObject([
      { kind: 'webhook', target: 'webhook (127.0.0.1)', sent: true, tries: 1 },
    ])
    const { headers, body } = received[0]!
    expect(JSON.parse(body)).toEqual({ version: 1, time: expect.any(String), ...MESSAGE })
    const stamp = headers['x-kalshiflow-timestamp']
    const wanted = createHmac('sha256', 'key of the signature').update(`${stamp}.${body}`).digest('hex')
    expect(headers['x-kalshiflow-signature']).toBe(`sha256=${wanted}`)
  })

  test('that fails is tried again, so many times and no more', async () => {
    const passing = await web((_, count) => (count < 3 ? 503 : 200))
    const failing = await web(() => 500)
    const targets: Target[] = [
      { kind: 'webhook', url: hidden(passing.url) },
      { kind: 'webhook', url: hidden(failing.url) },
    ]
    const results = await sendMessage(targets, MESSAGE, FAST)
    expect(results).toMatchObject([
      { sent: true, tries: 3 },
      { sent: false, tries: 3, code: 'FLOW_ALERT_REFUSED' },
    ])
    expect(failing.received).toHaveLength(3)
  })

  test('that refuses or points elsewhere is not tried again, and one that is silent ends by its time limit', async () => {
    const refusing = await web(() => 403)
    const moved = await web(() => 302)
    const silent = await web(() => 'silence')
    const targets = [refusing, moved, silent].map(({ url }) => ({ kind: 'webhook', url: hidden(url) }) as const)
    const startedMs = performance.now()
    const results = await sendMessage(targets, MESSAGE, { limits: { ...FAST.limits, triesMax: 2 } })
    expect(results).toMatchObject([
      { sent: false, tries: 1 },
      { sent: false, tries: 1 },
      { sent: false, tries: 2, code: 'FLOW_ALERT_UNREACHABLE' },
    ])
    expect(performance.now() - startedMs).toBeLessThan(3_000)
  })

  test('keeps its address out of everything that is told, although the server repeats it', async () => {
    const { url } = await web(() => 404)
    const targets: Target[] = [
      { kind: 'webhook', url: hidden(url) },
      { kind: 'slack', url: hidden(url) },
      { kind: 'slack', url: hidden('http://127.0.0.1:1/hook/T0SECRET') },
    ]
    const told = JSON.stringify(await sendMessage(targets, MESSAGE, FAST))
    expect(told).toContain('answered 404')
    expect(told).not.toContain('SECRET')
  })
})

describe('a Slack-shaped webhook', () => {
  test('gets text and blocks in which a message is never markup', async () => {
    const { url, received } = await web()
    await sendMessage([{ kind: 'slack', url: hidden(url) }], {
      ...MESSAGE,
      text: `${MESSAGE.text}${'&'.repeat(9_000)}`,
    })
    const body = JSON.parse(received[0]!.body)
    expect(body.text).toContain('not_connected')
    expect(body.blocks.map(({ type }: { type: string }) => type)).toEqual(['header', 'section', 'section'])
    expect(body.blocks[1].text.text).toContain('&lt;!channel&gt; &amp; so on')
    expect(body.blocks[1].text.text.length).toBeLessThanOrEqual(3_000)
    expect(received[0]!.body).not.toContain('<!channel>')
  })
})

describe('mail', () => {
  const to = ['on-call@example.org', 'second@example.org']
  const mailTo = (url: string): Target => ({ kind: 'mail', url: hidden(url), from: 'flow@example.org', to })

  test('reaches a mail server over TLS with user and password', async () => {
    const { port, mails } = await mailServer({ authOptional: false })
    const url = `smtp://recorder:${encodeURIComponent('p@ss word')}@127.0.0.1:${port}`
    expect(await sendMessage([mailTo(url)], MESSAGE)).toMatchObject([{ sent: true, target: 'mail (127.0.0.1)' }])
    expect(mails).toMatchObject([{ from: 'flow@example.org', to, user: 'recorder', secure: true }])
    expect(mails[0]!.text).toContain('Subject: [kalshiflow] not_connected: 1 of 2 connections down')
    expect(mails[0]!.text).toContain('environment: prod')
  })

  test('reaches one that speaks TLS from the first byte', async () => {
    const { port, mails } = await mailServer({ secure: true })
    expect(await sendMessage([mailTo(`smtps://127.0.0.1:${port}`)], MESSAGE)).toMatchObject([{ sent: true }])
    expect(mails).toHaveLength(1)
  })

  test('with a wrong password is told once, without the password', async () => {
    const { port } = await mailServer({ authOptional: false })
    const [result] = await sendMessage([mailTo(`smtp://recorder:wr0ng%20one@127.0.0.1:${port}`)], MESSAGE, FAST)
    expect(result).toMatchObject({ sent: false, tries: 1, code: 'FLOW_ALERT_REFUSED' })
    expect(JSON.stringify(result)).not.toMatch(/wr0ng/)
  })

  test('to a server that says nothing ends by its time limit', async () => {
    const { url } = await web(() => 'silence')
    const startedMs = performance.now()
    const limits = { ...FAST.limits, triesMax: 2 }
    const [result] = await sendMessage([mailTo(url.replace('http', 'smtp'))], MESSAGE, { limits })
    expect(result).toMatchObject({ sent: false, tries: 2, code: 'FLOW_ALERT_UNREACHABLE' })
    expect(performance.now() - startedMs).toBeLessThan(3_000)
  })
})

describe('the courier', () => {
  test('a dead target holds up nobody: sending returns at once, the others get their messages in order', async () => {
    const dead = await web(() => 'silence')
    const alive = await web()
    const events: CourierEvent[] = []
    const targets: Target[] = [
      { kind: 'webhook', url: hidden(dead.url) },
      { kind: 'webhook', url: hidden(alive.url) },
    ]
    const courier = new Courier(targets, (event) => events.push(event), {
      ...FAST.limits,
      triesMax: 1,
      tryMsMax: 10_000,
    })
    const startedMs = performance.now()
    for (let each = 1; each <= WAITING_MAX + 5; each++) {
      courier.send({ ...MESSAGE, title: String(each) })
      if (each % 5 === 0) await sleep(20)
    }
    await until('all have arrived', () => alive.received.length === WAITING_MAX + 5)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    expect(alive.received.map(({ body }) => Number(JSON.parse(body).title))).toEqual(
      Array.from({ length: WAITING_MAX + 5 }, (_, index) => index + 1),
    )
    // One is on its way; of those that wait, only so many are kept.
    expect(courier.counts[0]).toMatchObject({ sent: 0, dropped: 4 })
    expect(events.filter(({ kind }) => kind === 'dropped')).toHaveLength(4)
    await courier.close(50)
    expect(performance.now() - startedMs).toBeLessThan(3_000)
  })
})

describe('the dead-man’s ping', () => {
  test('is one GET, and an answer that is none is told without the address', async () => {
    const good = await web()
    const bad = await web(() => 404)
    await pingDeadMan(hidden(good.url))
    expect(good.received).toHaveLength(1)
    const failure = await pingDeadMan(hidden(bad.url)).catch((error: Error) => error.message)
    expect(failure).toContain('127.0.0.1 answered 404')
    expect(failure).not.toContain('SECRET')
  })
})
