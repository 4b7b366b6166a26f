/**
 * The files for Prometheus and Grafana: Debian's promtool takes the rules and their tests, and every metric that they name is one
 * that /rl/metrics has, with the labels that it has.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEFAULT_RULES, LIFE_EVENTS } from '#alert'
import { METRICS } from '../../src/api/metrics/metric-table.ts'

const FOLDER = join(import.meta.dirname, '../../deploy')
const RULES = readFileSync(join(FOLDER, 'prometheus/kalshiflow.rules.yml'), 'utf8')
const DASHBOARD = JSON.parse(readFileSync(join(FOLDER, 'grafana/kalshiflow.json'), 'utf8')) as Dashboard
const hasPromtool = spawnSync('promtool', ['--version']).status === 0

type Dashboard = {
  readonly panels: readonly {
    readonly title: string
    readonly type: string
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
    readonly targets?: readonly { readonly expr: string }[]
  }[]
}

/** Labels that Prometheus itself adds to what it scrapes. */
const ADDED = ['instance', 'job']
const labelsOf = new Map(METRICS.map(({ name, labels }) => [name, labels]))

/** Metrics of an expression that there are not, and labels that they do not have. */
function wrongIn(expression: string): string[] {
  const wrong: string[] = []
  for (const [, name, selector = ''] of expression.matchAll(/(kalshiflow_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = labelsOf.get(name!)
    if (labels === undefined) wrong.push(name!)
    for (const [, label] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (!ADDED.includes(label!) && !labels?.includes(label!)) wrong.push(`${name}{${label}}`)
    }
  }
  return wrong
}

const HEADINGS = [...readFileSync(join(FOLDER, '../docs/alerts.md'), 'utf8').matchAll(/^#+ (.*)$/gm)]
const ANCHORS = new Set(
  HEADINGS.map(([, text]) =>
    text!
      .toLowerCase()
      .replaceAll(' ', '-')
      .replaceAll(/[^\w-]/g, ''),
  ),
)

test('each alarm of the recorder has its chapter in docs/alerts.md', () => {
  const names = [...DEFAULT_RULES.map(({ name }) => name), ...Object.keys(LIFE_EVENTS)]
  expect(names.filter((each) => !ANCHORS.has(each))).toEqual([])
})

describe('the rules for Prometheus', () => {
  test.skipIf(!hasPromtool)('are taken by promtool, and do what their tests say', () => {
    const run = (...words: string[]) =>
      execFileSync('promtool', words, { cwd: join(FOLDER, 'prometheus'), encoding: 'utf8', timeout: 15_000 })
    expect(run('check', 'rules', 'kalshiflow.rules.yml')).toContain('SUCCESS')
    expect(run('test', 'rules', 'kalshiflow.rules.test.yml')).toContain('SUCCESS')
  })

  test('name only metrics and labels that there are, and a chapter of docs/alerts.md', () => {
    const expressions = [...RULES.matchAll(/expr: '(.*)'/g)].map(([, expression]) => expression!)
    expect(expressions.length).toBeGreaterThan(20)
    expect(expressions.flatMap(wrongIn)).toEqual([])
    const named = [...RULES.matchAll(/docs\/alerts\.md#(\S+)/g)].map(([, anchor]) => anchor!)
    expect(named.filter((each) => !ANCHORS.has(each))).toEqual([])
  })
})

describe('the dashboard for Grafana', () => {
  const shown = DASHBOARD.panels.filter(({ type }) => type !== 'row')

  test('names only metrics and labels that there are', () => {
    const expressions = shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    expect(expressions.length).toBeGreaterThan(30)
    expect(expressions.flatMap(wrongIn)).toEqual([])
    // The variables too.
    expect(wrongIn(JSON.stringify(DASHBOARD))).toEqual([])
  })

  test.skipIf(!hasPromtool)('asks what Prometheus can answer', () => {
    const plain = (text: string) => text.replaceAll('$__rate_interval', '5m').replaceAll(/\$(job|instance)/g, '.*')
    const rules = shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => ({ record: 'a:b', expr: plain(expr) })))
    const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-test-'))
    writeFileSync(join(folder, 'rules.json'), JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    const words = ['check', 'rules', '--lint=none', join(folder, 'rules.json')]
    const { status, stderr } = spawnSync('promtool', words, { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('has panels that lie beside and not upon each other', () => {
    const taken = new Set<string>()
    for (const { gridPos, title } of DASHBOARD.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false)
          taken.add(`${x} ${y}`)
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    }
  })
})
