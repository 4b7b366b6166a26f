#!/usr/bin/env node
// The launcher: finds a Node new enough to run the program and hands everything on to it.
//
// Plain JavaScript for the oldest Node we accept. Where that Node is older than 24 it runs the one that the platform
// package brought at install; signals, exit code and terminal pass through. It decides nothing else.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
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

const node = findNode()
if (node === undefined) {
  process.stderr.write(
    `kalshiflow: found Node ${process.versions.node} and no bundled Node for ${process.platform}-${process.arch}; ` +
      `Node ${NEEDED_MAJOR} or newer is needed. Install it, or run \`npm ci\` without --omit=optional.\n`,
  )
  process.exit(2)
}

const source = join(root, 'src', 'app', 'main.ts')
const entry = existsSync(source) ? ['--conditions=source', source] : [join(root, 'dist', 'app', 'main.js')]
const args = [...entry, ...process.argv.slice(2)]

// One process instead of two where this Node will do: what a service manager or a test signals is then the program itself.
if (node === process.execPath && (entry.length === 1 || process.execArgv.includes('--conditions=source'))) {
  process.argv.splice(1, 1, entry[entry.length - 1])
  await import(entry[entry.length - 1])
} else {
  const child = spawn(node, args, { stdio: 'inherit' })
  // A terminal sends Ctrl-C to the whole group, so the child has it already; a plain kill reaches only us.
  let interrupts = 0
  process.on('SIGINT', () => {
    interrupts += 1
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`kalshiflow: could not start ${node}: ${error.message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) process.removeAllListeners(each)
    process.kill(process.pid, signal)
  })
}
