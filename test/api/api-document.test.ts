/** docs/api.md is held to the program: its routes, reasons, codes, limits and metrics are those that there are. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { API_LIMITS } from '#api'
import { HEALTH_REASONS } from '../../src/api/health/judge-health.ts'
import { METRICS } from '../../src/api/metrics/metric-table.ts'
import { FAULTS } from '../../src/api/server/api-fault.ts'
import { WS_LIMITS } from '../../src/api/ws/index.ts'
import { aFolder } from '../support/recording.ts'
import { type Document, operationsOf } from './document.ts'
import { ADMIN, clientOf, READ, startOn } from './service.ts'

const text = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/api.md'), 'utf8')

/** The rows of the table whose head begins so, each as its cells. */
function rowsOf(head: string): string[][] {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(head))
  expect(start, head).toBeGreaterThan(0)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim()),
  )
}

test('its routes are those of the OpenAPI document, each for those that it lets in', async () => {
  const { path, remove } = aFolder()
  const { api } = await startOn(path, { readToken: READ, adminToken: ADMIN })
  try {
    const { body } = await clientOf(api.url).get('/rl/docs/openapi.json', { authorization: `Bearer ${READ}` })
    const who = (security: readonly object[] | undefined) =>
      security === undefined ? 'readers' : security.length === 0 ? 'everybody' : 'admins'
    const served = operationsOf(body as Document).filter((each) => each.path !== '/')
    const wanted = served.map(({ method, path: at, security }) => [`\`${method} ${at}\``, who(security)])
    const told = rowsOf('| route | who |').map(([route, for_]) => [route, for_])
    expect(told.sort()).toEqual(wanted.sort())
  } finally {
    await api.close()
    remove()
  }
})

test('its reasons, codes and metrics are those of the program', () => {
  expect(rowsOf('| reason | holds while |')).toEqual(
    Object.entries(HEALTH_REASONS).map(([code, words]) => [`\`${code}\``, words]),
  )
  const codes = rowsOf('| code | status |').map(([code, status]) => [code, Number(status)])
  expect(codes).toEqual(Object.entries(FAULTS).map(([code, status]) => [`\`${code}\``, status]))
  const metrics = METRICS.map(({ name, kind, labels, help }) => [
    `\`${name}\``,
    kind,
    labels.map((label) => `\`${label}\``).join(' '),
    help,
  ])
  expect(rowsOf('| metric | kind |')).toEqual(metrics)
})

test('its limits are those of the program', () => {
  const { requestsPerSecondMax, listsPerSecondMax, adminPerSecondMax, connectionsMax, snapshotMarketsMax, pageMax } =
    API_LIMITS
  const { urlBytesMax, headerBytesMax, bodyBytesMax, headersMs, requestMs, idleMs, keepAliveMs } = API_LIMITS
  const numbers = rowsOf('| what | how much |').map(([, cell]) =>
    [...cell!.replaceAll(',', '').matchAll(/\d+/g)].map(Number),
  )
  expect(numbers.map((each) => each.slice(0, 4))).toEqual([
    [requestsPerSecondMax, listsPerSecondMax, adminPerSecondMax, 429],
    [connectionsMax, WS_LIMITS.clientsMax],
    [urlBytesMax / 1024, headerBytesMax / 1024, bodyBytesMax / 1024],
    [headersMs / 1000, requestMs / 1000],
    [idleMs / 1000, keepAliveMs / 1000],
    [snapshotMarketsMax, pageMax],
    [API_LIMITS.queryMsMax / 1000],
  ])
})
