/**
 * Who may import whom, checked: every import points inward, no folder reaches past another's front door,
 * no cycles, and the pure folders use neither Node nor npm.
 *
 * `npm run imports` prints the faults and exits 1 when there are any. It reads import statements as text and
 * judges nothing else; the table below is the architecture, and CONTRIBUTING.md prints it for people.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const PURE = ['domain', 'ports', 'codec', 'book', 'feed', 'ledger'] as const

/** A folder may import the front doors of the folders named here. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ['domain'],
  codec: ['domain'],
  book: ['domain'],
  feed: ['domain', 'codec', 'book'],
  ledger: ['domain', 'codec', 'book', 'feed'],
  kalshi: ['domain', 'ports', 'codec', 'feed'],
  journal: ['domain', 'ports'],
  archive: ['domain', 'ports', 'journal'],
  store: ['domain', 'ports', 'codec', 'book', 'feed', 'ledger', 'journal'],
  live: ['domain', 'ports', 'codec', 'book', 'feed', 'ledger', 'journal'],
  api: ['domain', 'ports', 'codec', 'book', 'feed', 'ledger', 'journal', 'store', 'live'],
  exchange: ['domain', 'ports', 'codec', 'book'],
  alert: ['domain', 'ports'],
  app: [
    'domain',
    'ports',
    'codec',
    'book',
    'feed',
    'ledger',
    'kalshi',
    'journal',
    'archive',
    'store',
    'live',
    'api',
    'exchange',
    'alert',
  ],
}

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')
const faults: string[] = []
const edges = new Map<string, string[]>()

for (const file of walk(source)) {
  const folder = relative(source, file).split('/')[0]!
  const allowed = MAY_IMPORT[folder]
  const name = relative(root, file)
  const isTest = file.endsWith('.test.ts')
  if (allowed === undefined) {
    faults.push(`${name}: folder ${folder}/ is not in the import table of scripts/imports.ts`)
    continue
  }
  const imports = importsOf(readFileSync(file, 'utf8'))
  edges.set(
    file,
    imports.filter((each) => each.startsWith('.')).map((each) => resolve(dirname(file), each)),
  )
  for (const each of imports) {
    if (each.startsWith('.')) {
      const target = relative(source, resolve(dirname(file), each))
      // A unit test may use what all tests share.
      if (isTest && target.startsWith('../test/support/')) continue
      if (target.split('/')[0] !== folder)
        faults.push(`${name}: reaches past a front door with '${each}'; import '#${target.split('/')[0]}'`)
      continue
    }
    if (isTest) continue
    if (each.startsWith('#')) {
      const door = each.slice(1)
      if (!allowed.includes(door))
        faults.push(`${name}: ${folder}/ may import ${allowed.join(', ') || 'nothing'}, found '${each}'`)
      continue
    }
    if ((PURE as readonly string[]).includes(folder))
      faults.push(`${name}: ${folder}/ is pure and may import neither Node nor npm, found '${each}'`)
  }
}

for (const file of edges.keys()) {
  const cycle = findCycle(file)
  if (cycle !== undefined) {
    faults.push(`cycle: ${cycle.map((each) => relative(root, each)).join(' -> ')}`)
    break
  }
}

if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`)
  process.exit(1)
}
process.stdout.write(`imports: ${edges.size} files, all point inward\n`)

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else if (path.endsWith('.ts')) yield path
  }
}

function importsOf(text: string): string[] {
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^'"]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm,
  )
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3])!)
}

function findCycle(start: string): string[] | undefined {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] | undefined => {
    const at = path.indexOf(file)
    if (at >= 0) return [...path.slice(at), file]
    if (done.has(file)) return undefined
    path.push(file)
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next)
      if (cycle !== undefined) return cycle
    }
    path.pop()
    done.add(file)
    return undefined
  }
  return visit(start)
}
