/**
 * The program itself, killed and stopped, with a webhook, a mail server and a dead-man that are real: who is told what, when
 * the pings end, and that no secret of the settings is in anything that the program says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { askRecorder } from '#app'
import { RECORD } from '#domain'
import { startExchange } from '#exchange'
import { FileDisk, openCursor } from '#journal'
import { pointedAt, run } from '../support/program.ts'
import { aFolder, until } from '../support/recording.ts'
import { aMailServer, aWebServer } from './targets.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function receivers() {
  const [hook, deadMan, mail] = [await aWebServer(), await aWebServer(), await aMailServer()]
  closing.push(hook.close, deadMan.close, mail.close)
  const environment = {
    KALSHIFLOW_ALERT_SLACK_URL: hook.url,
    KALSHIFLOW_ALERT_SMTP_URL: `smtp://recorder:${encodeURIComponent('p@ss word')}@127.0.0.1:${mail.port}`,
    KALSHIFLOW_ALERT_MAIL_FROM: 'flow@example.org',
    KALSHIFLOW_ALERT_MAIL_TO: 'on-call@example.org',
    KALSHIFLOW_DEADMAN_URL: deadMan.url.replace('hook', 'ping'),
    KALSHIFLOW_DEADMAN_SECONDS: '10',
    RL_LOG_LEVEL: 'debug',
    LOG_FORMAT: 'json',
  }
  return {
    hook,
    deadMan,
    mail,
    environment,
    slack: () => hook.received.map(({ body }) => JSON.parse(body).text as string),
  }
}

test('a recorder that is killed pings nobody; the next run tells that it was down, and its own end', async () => {
  const { deadMan, mail, environment, slack } = await receivers()
  const exchange = await startExchange({ port: 0, keyType: 'ed25519', markets: 6, ratePerSecond: 100 })
  const data = aFolder()
  closing.push(() => exchange.close(), data.remove)
  const start = () => {
    const words = ['record', '--no-store', '--no-serve', '--data', data.path, '--markets', exchange.tickers.join(',')]
    const program = run(words, { ...pointedAt(exchange), ...environment })
    closing.push(() => program.kill('SIGKILL'))
    return program
  }
  const first = start()
  await until('the dead-man is pinged', () => deadMan.received.length === 1)
  expect(slack()).toEqual([])
  first.kill('SIGKILL')
  await first.ended
  await sleep(11_000)
  expect(deadMan.received).toHaveLength(1)

  const second = start()
  await until('that it was down has arrived', () => slack().length === 1 && mail.mails.length === 1)
  expect(slack()[0]).toContain('the recorder was down and records again')
  expect(mail.mails[0]).toMatchObject({ user: 'recorder', secure: true, to: ['on-call@example.org'] })
  await until('the dead-man is pinged again', () => deadMan.received.length === 2)
  const status = await askRecorder(data.path, { ask: 'status' })
  expect(status.alerts).toMatchObject({ firing: [], dead_man: { pings: 1, withheld: [] } })
  second.kill('SIGTERM')
  const { err, out, code } = await second.ended
  expect(code).toBe(0)
  expect(slack()[1]).toContain('the recorder has stopped: SIGTERM')
  expect(mail.mails).toHaveLength(2)

  const said = [
    err,
    out,
    (await first.ended).err,
    JSON.stringify(status),
    ...slack(),
    ...mail.mails.map(({ text }) => text),
  ]
  expect(said.join('\n')).not.toMatch(/SECRET|p@ss|p%40ss|\/ping\//)

  let clocks = 0
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${data.path}/journal` })) {
    while (block.next()) {
      if (block.type !== RECORD.CLOCK) continue
      clocks++
      const { source, errorMs } = JSON.parse(Buffer.from(block.body()).toString())
      expect(['chrony', 'ntp', 'timesyncd', 'exchange']).toContain(source)
      expect(errorMs).toBeGreaterThan(0)
    }
  }
  expect(clocks).toBeGreaterThanOrEqual(2)
}, 60_000)

test('receivers that never answer hold up nothing: the recorder records, and ends in a few seconds', async () => {
  const silent = await aWebServer(() => 'silence')
  const exchange = await startExchange({ port: 0, keyType: 'ed25519', markets: 6, ratePerSecond: 100 })
  const data = aFolder()
  closing.push(silent.close, () => exchange.close(), data.remove)
  const words = [
    'record',
    '--no-store',
    '--no-serve',
    '--data',
    data.path,
    '--markets',
    exchange.tickers.join(','),
    '--json',
  ]
  const program = run(words, {
    ...pointedAt(exchange),
    KALSHIFLOW_ALERT_SLACK_URL: silent.url,
    KALSHIFLOW_ALERT_WEBHOOK_URL: silent.url,
    KALSHIFLOW_ALERT_SMTP_URL: silent.url.replace('http', 'smtp').replace(/\/hook.*/, ''),
    KALSHIFLOW_ALERT_MAIL_FROM: 'flow@example.org',
    KALSHIFLOW_ALERT_MAIL_TO: 'on-call@example.org',
    KALSHIFLOW_DEADMAN_URL: silent.url,
  })
  closing.push(() => program.kill('SIGKILL'))
  await until('the dead-man is pinged', () => silent.received.length === 1)
  const fromMs = performance.now()
  program.kill('SIGTERM')
  const { code, out } = await program.ended
  expect(performance.now() - fromMs).toBeLessThan(6_000)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ isComplete: true })
  // Both webhooks were tried before the end.
  expect(silent.received).toHaveLength(3)
}, 60_000)

test('alert test says of each target what became of it, and its exit code whether all took it', async () => {
  const { hook, mail, deadMan, environment, slack } = await receivers()
  const folder = aFolder()
  closing.push(folder.remove)
  const good = await run(['alert', 'test'], environment, folder.path).ended
  expect(good).toMatchObject({ code: 0, err: '' })
  expect(good.out).toMatch(/^slack \(127\.0\.0\.1\): taken after \d+ ms\nmail \(127\.0\.0\.1\): taken after \d+ ms\n$/)
  expect(slack()).toHaveLength(1)
  expect(mail.mails).toHaveLength(1)
  expect(deadMan.received).toEqual([])

  const half = { ...environment, KALSHIFLOW_ALERT_SMTP_URL: `smtp://recorder:wr0ng@127.0.0.1:${mail.port}` }
  const bad = await run(['alert', 'test', '--json'], half, folder.path).ended
  expect(bad.code).toBe(1)
  expect(JSON.parse(bad.out)).toMatchObject([
    { kind: 'slack', sent: true },
    { kind: 'mail', sent: false, code: 'FLOW_ALERT_REFUSED' },
  ])
  expect(bad.out).not.toMatch(/wr0ng/)

  expect(await run(['alert', 'test', '--target', 'dead-man'], environment, folder.path).ended).toMatchObject({
    code: 0,
  })
  expect(deadMan.received).toHaveLength(1)
  expect(await run(['alert', 'test', '--target', 'webhook'], environment, folder.path).ended).toMatchObject({ code: 2 })
  expect(hook.received).toHaveLength(2)
  const listed = await run(['alert', 'list', '--json'], { KALSHIFLOW_ALERT_RULES: 'paused=off' }, folder.path).ended
  expect(JSON.parse(listed.out)).toMatchObject({ off: ['paused'] })
}, 60_000)
