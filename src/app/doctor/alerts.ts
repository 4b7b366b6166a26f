/** Where alarms and pings go: whether each place can be reached. Nothing is sent: `kalshiflow alert test` does that. */
import { connect } from 'node:net'
import { targetsOf } from '../alert/alert-targets.ts'
import { isPrivateHost } from '../config/config-exchange.ts'
import { bad, type Check, good, skipped } from './check.ts'

const CONNECT_MS_MAX = 5_000
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'smtp:': 587, 'smtps:': 465 }

export const alerts: Check = {
  name: 'alerts',
  limitMs: 20_000,
  async look({ config, isOffline }) {
    const places = targetsOf(config).map(({ kind, url }) => ({ kind: kind as string, url: url.reveal() }))
    const deadMan = config.alert.deadManUrl
    if (deadMan !== undefined) places.push({ kind: 'dead-man', url: deadMan.reveal() })
    if (places.length === 0) return skipped('none is set: nobody is told when something goes wrong')
    const asked = places.filter(({ url }) => !isOffline || isPrivateHost(new URL(url).hostname))
    if (asked.length === 0) return skipped('offline')
    const told = await Promise.all(asked.map(async ({ kind, url }) => ({ kind, fault: await reach(new URL(url)) })))
    const faults = told.flatMap(({ kind, fault }) => (fault === undefined ? [] : [`${kind}: ${fault}`]))
    const kinds = told.map(({ kind }) => kind).join(', ')
    if (faults.length === 0) return good(`${kinds}: each can be reached; \`kalshiflow alert test\` sends one`)
    return bad({
      found: faults.join('\n'),
      needed: 'places that can be reached, or nobody hears of an alarm',
      remedy: 'Correct the address, or open the way there; then `kalshiflow alert test`.',
    })
  },
}

/** What keeps us from a connection; `undefined` when nothing does. The address may hold a secret: its host alone is told. */
function reach({ protocol, hostname, port }: URL): Promise<string | undefined> {
  const where = `${hostname}:${port === '' ? (PORTS[protocol] ?? 443) : port}`
  return new Promise((done) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host, port: Number(where.slice(where.lastIndexOf(':') + 1)) })
    const finish = (fault: string | undefined) => {
      socket.destroy()
      done(fault)
    }
    socket.setTimeout(CONNECT_MS_MAX, () => finish(`${where} does not answer within ${CONNECT_MS_MAX / 1000} s`))
    socket.once('connect', () => finish(undefined))
    socket.once('error', (error: NodeJS.ErrnoException) => finish(`${where} (${error.code ?? 'unknown'})`))
  })
}
