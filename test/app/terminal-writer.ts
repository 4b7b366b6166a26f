/** A program with a busy log above a panel; tells its process's longest stop in the file that it is handed. */
import { writeFileSync } from 'node:fs'
import { OwnTerminal } from '../../src/app/panel/own-terminal.ts'
import { Panel } from '../../src/app/panel/panel.ts'

const SECONDS = 2
const terminal = OwnTerminal.open(process.stderr)!
const panel = new Panel(terminal, false)
let lastMs = performance.now()
let longestMs = 0
let lines = 0
const every = setInterval(() => {
  const nowMs = performance.now()
  longestMs = Math.max(longestMs, nowMs - lastMs)
  lastMs = nowMs
  for (let more = 0; more < 10; more++) panel.write(`line ${lines++} ${'x'.repeat(200)}\n`)
}, 20)
setTimeout(async () => {
  clearInterval(every)
  panel.stop()
  await terminal.close(200)
  const { dropped } = terminal
  writeFileSync(process.argv[2]!, JSON.stringify({ longestMs, lines, dropped }))
}, SECONDS * 1_000)
