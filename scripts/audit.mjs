/**
 * `npm run audit`: known vulnerabilities of the packages that ship (`npm audit --omit=dev`), and packages that want to run a
 * script at install, which may only be those that `allowScripts` names.
 *
 * A registry that does not answer audits is told in one line and is no failure: then nothing is known, and it says so.
 * Exit code: 0 clean or not known, 1 something was found.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const { allowScripts = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))

const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
const scripted = shipped.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => nameOf(path))
const unnamed = scripted.filter((name) => !(name in allowScripts))
const unlocked = shipped
  .filter(([, { link, integrity }]) => link !== true && integrity === undefined)
  .map(([path]) => path)
console.log(
  `audit: ${shipped.length} packages ship, each with its digest in package-lock.json but ${unlocked.length}; ` +
    `install scripts: ${scripted.join(', ') || 'none'} (none of them is run)`,
)
for (const name of unnamed)
  console.log(`audit: ${name} has an install script and is not in allowScripts of package.json`)
for (const path of unlocked) console.log(`audit: ${path} has no digest in package-lock.json`)

const { known, found } = askRegistry()
console.log(known)
for (const line of found) console.log(`audit: ${line}`)
process.exitCode = unnamed.length + unlocked.length + found.length > 0 ? 1 : 0

function askRegistry() {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  })
  let report
  try {
    report = JSON.parse(stdout)
  } catch {
    return { known: 'audit: not known: npm gave no report', found: [] }
  }
  if (report.vulnerabilities === undefined) {
    const why = report.statusCode === undefined ? (report.error?.summary ?? 'no answer') : `HTTP ${report.statusCode}`
    return { known: `audit: not known: the registry does not answer audits (${why})`, found: [] }
  }
  const each = Object.values(report.vulnerabilities)
  return {
    known: `audit: the registry knows of ${each.length} vulnerabilities in what ships`,
    found: each.map(({ name, severity, range }) => `${name} ${range}: ${severity}`),
  }
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
