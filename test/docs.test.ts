/**
 * The documents are held to the code: links and anchors lead somewhere, every file named is there, and tables that repeat
 * the code say what it says. Whether a sentence is true is for people.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorAction, isTerminal } from '#feed'
import { aboutOf } from '../src/app/config/config-fields.ts'
import { SETTING_NAMES, Settings } from '../src/app/config/config-settings.ts'
import { LOG_EVENTS } from '../src/app/log/log-events.ts'

const ROOT = resolve(import.meta.dirname, '..')
const FOLDERS = ['.', 'docs', 'docs/decisions']
const DOCUMENTS = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** Anchors as GitHub makes them: lower case, punctuation left out, spaces as dashes. */
const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

/** The rows of the table whose head begins so, each as its cells. */
function rowsOf(path: string, head: string): string[][] {
  const lines = read(path).split('\n')
  const start = lines.findIndex((line) => line.startsWith(head))
  if (start < 0) throw new Error(`${path} has no table that begins with '${head}'`)
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'))
  return lines.slice(start + 2, end < 0 ? undefined : end).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split('|')
      .map((cell) => cell.trim()),
  )
}

const wordsIn = (cell: string): string[] => [...cell.matchAll(/`#?(\w+)`/g)].map(([, word]) => word!)

describe.each(DOCUMENTS)('%s', (path) => {
  test('has links that lead somewhere', () => {
    const dead = [...withoutCode(read(path)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file, anchor] = target.split('#') as [string, string?]
        const to = file === '' ? path : join(dirname(path), file)
        if (!existsSync(join(ROOT, to))) return true
        return anchor !== undefined && !anchorsOf(to).includes(anchor)
      })
    expect(dead).toEqual([])
  })

  test('names only files that are there', () => {
    const named = [...read(path).matchAll(/`((?:src|test|scripts|bench|bin|captures|docs|deploy)\/[\w./-]*)`/g)]
    expect(named.map(([, file]) => file!).filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })
})

test('each invariant has its number and names a test that is there', () => {
  const rows = rowsOf('ARCHITECTURE.md', '| | invariant |')
  expect(rows.length).toBeGreaterThan(10)
  rows.forEach(([number, , guards], index) => {
    expect(number).toBe(`I${index + 1}`)
    const files = [...guards!.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => file!)
    expect(files, number).not.toEqual([])
    expect(
      files.filter((file) => !existsSync(join(ROOT, file))),
      number,
    ).toEqual([])
  })
})

describe('the import table', () => {
  // Read as text: the script that holds it checks the whole tree as soon as it is imported.
  const table = /MAY_IMPORT[^=]*= \{\n([\s\S]*?)\n\}/.exec(read('scripts/imports.ts'))![1]!
  const allowed = [...table.matchAll(/^ {2}(\w+): \[([^\]]*)\],$/gm)].map(([, folder, list]) => [
    folder,
    [...list!.matchAll(/'(\w+)'/g)].map(([, each]) => each),
  ])

  test('of CONTRIBUTING.md is the one that is checked', () => {
    expect(allowed.length).toBeGreaterThan(5)
    const rows = rowsOf('CONTRIBUTING.md', '| folder | may import |')
    expect(rows.map(([folder, list]) => [wordsIn(folder!)[0], wordsIn(list!)])).toEqual(allowed)
  })

  test('of ARCHITECTURE.md is the same', () => {
    const rows = rowsOf('ARCHITECTURE.md', '| folder | what it is |')
    const told = rows.map(([folder, , list]) => [wordsIn(folder!)[0], list!.match(/\w+/g) ?? []])
    const all = allowed.map(([folder, list]) => (folder === 'app' ? [folder, ['all']] : [folder, list]))
    expect(told).toEqual(all)
  })
})

test('each promise names a test', () => {
  const rows = rowsOf('docs/operations.md', '| promise | proved by |')
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter(([, proof]) => !/`[^`]+\.test\.ts`/.test(proof!)).map(([promise]) => promise)).toEqual([])
})

test('the settings of docs/operations.md are those of the program', () => {
  const plain = (text: string) => text.replace(/[*<]/g, '\\$&')
  const wanted = SETTING_NAMES.map((name) => {
    const { about, fallback, derived } = aboutOf(Settings.shape[name])
    return [`\`${name}\``, fallback === undefined ? plain(derived ?? '–') : `\`${fallback}\``, plain(about)]
  })
  expect(rowsOf('docs/operations.md', '| setting | default |')).toEqual(wanted)
})

test('the log events of docs/operations.md are those of the program', () => {
  const wanted = Object.entries(LOG_EVENTS).map(([event, meaning]) => [`\`${event}\``, meaning])
  expect(rowsOf('docs/operations.md', '| event | meaning |')).toEqual(wanted)
})

test('the error codes of docs/wire.md are acted on as it says', () => {
  const rows = rowsOf('docs/wire.md', '| code | meaning | what we do |')
  expect(rows.map(([code]) => Number(code))).toEqual(Array.from({ length: 28 }, (_, index) => index + 1))
  for (const [code, meaning, action] of rows) {
    expect([code, errorAction(Number(code))]).toEqual([code, action])
    expect([code, isTerminal(Number(code))]).toEqual([code, /terminal/.test(meaning!)])
  }
})

describe('docs/seed.md', () => {
  const tables = read('docs/seed.md')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| (in the seed|---) /.test(line))
    .map((line) => line.slice(2, -2).split(' | '))

  test('says of each claim where ours lives and which test proves it', () => {
    expect(tables.length).toBeGreaterThan(100)
    for (const [claim, , , tests = ''] of tables) {
      const named = [...tests.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => file!)
      expect([claim, named.length > 0, named.filter((file) => !existsSync(join(ROOT, file)))]).toEqual([
        claim,
        true,
        [],
      ])
    }
  })

  const progress = join(ROOT, '../shared/seed/progress.md')
  test.skipIf(!existsSync(progress))('leaves out no line of the report (skipped without ../shared)', () => {
    const plain = (text: string) =>
      text
        .replace(/\*\*|✅|\[x\]/g, '')
        .replace(/\s+/g, ' ')
        .trim()
    const [status, ...rest] = readFileSync(progress, 'utf8').split(/^(?=## (?:Work Unit Progress))/m)
    expect(status).toContain('8/8')
    const claims = rest.join('').match(/^\s*(?:[-*]|\d+\.) .*$|^### Work Unit.*$/gm)!
    expect(claims.length).toBeGreaterThan(95)
    const ours = tables.map(([claim]) => plain(claim!))
    const missing = claims
      .map((line) => plain(line.replace(/^\s*(?:[-*]|\d+\.|###) /, '').replace(/ \(wu_\w+\)/, '')))
      .filter((claim) => !ours.includes(claim))
    expect(missing).toEqual([])
  })
})
