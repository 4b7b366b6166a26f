#!/usr/bin/env node
// The launcher: finds a Node new enough to run the program and hands everything on to it.
//
// Plain JavaScript for the oldest Node we accept. Where that Node is older than 24 it runs the one that the platform
// package brought at install; signals, exit code and terminal pass through, and a program whose launcher was killed
// stops too. It decides nothing else.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath, pathToFileURL } from 'node:url'

const NEEDED_MAJOR = 24
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) return process.execPath
  const require = createRequire(import.meta.url)
  try {
    const home = dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`))
    const bundled = join(home, 'bin', 'node')
    if (existsSync(bundled)) return bundled
  } catch {
    // No package for this platform, or optional dependencies were left out: said below.
  }
  return undefined
}

function refuse(message) {
  process.stderr.write(`kalshiflow: ${message}\n`)
  process.exit(2)
}

const node = findNode()
if (node === undefined) {
  refuse(
    `found Node ${process.versions.node} and no bundled Node for ${process.platform}-${process.arch}; ` +
      `Node ${NEEDED_MAJOR} or newer is needed. Install it, or run \`npm ci\` without --omit=optional.`,
  )
}

const source = join(root, 'src', 'app', 'main.ts')
const built = join(root, 'dist', 'app', 'main.js')
const fromSource = existsSync(source)
const entry = fromSource ? source : built
if (!existsSync(entry))
  refuse(`found no program at ${built}; this copy is not whole. Install it again, or run \`npm run build\`.`)

const sourceCondition = fromSource ? ['--conditions=source'] : []
const rightHere = node === process.execPath && (!fromSource || process.execArgv.includes('--conditions=source'))

// One process wherever possible: what a service manager or a test signals is then the program itself.
if (rightHere) {
  process.argv.splice(1, 1, entry)
  await import(pathToFileURL(entry).href)
} else if (typeof process.execve === 'function') {
  process.execve(node, [node, ...process.execArgv, ...sourceCondition, entry, ...process.argv.slice(2)], process.env)
} else {
  hand(node, [...sourceCondition, entry, ...process.argv.slice(2)])
}

function hand(command, args) {
  // A launcher that was killed outright cannot tell its child, so the child looks whose child it is.
  const watch = `const parent=${process.pid};setInterval(()=>{if(process.ppid!==parent)process.kill(process.pid,'SIGTERM')},500).unref()`
  const child = spawn(command, ['--import', `data:text/javascript,${encodeURIComponent(watch)}`, ...args], {
    stdio: 'inherit',
  })
  // A terminal sends Ctrl-C to the whole group, so the child has it already; a plain kill reaches only us.
  const onTerminal = isatty(0) || isatty(1) || isatty(2)
  process.on('SIGINT', () => {
    if (!onTerminal) child.kill('SIGINT')
  })
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => refuse(`could not start ${command}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const each of ['SIGINT', ...FORWARDED]) process.removeAllListeners(each)
    process.exitCode = 128 + (constants.signals[signal] ?? 0)
    process.kill(process.pid, signal)
  })
}
