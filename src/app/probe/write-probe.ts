/** The files of a probe: report.json, report.md and the frames as a capture, in a folder that is made for it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { redactFrame } from './redact.ts'
import { type ProbeReport, renderReport } from './report.ts'
import { framesOf, type Seen } from './seen.ts'

/** Frames of the connection with NO prices, as captures have them. Throws where the folder cannot be made. */
export function writeProbe(folder: string, report: ProbeReport, seen: Seen, names: readonly string[]): string[] {
  mkdirSync(folder, { recursive: true })
  const lines = framesOf(seen.connections.no).map(
    ({ atMs, text }) => `${JSON.stringify({ recv_ns: `${atMs}000000`, raw: redactFrame(text, names) })}\n`,
  )
  const files: [name: string, content: string | Uint8Array][] = [
    ['report.json', `${JSON.stringify(report, null, 2)}\n`],
    ['report.md', renderReport(report)],
    ['frames.jsonl.gz', gzipSync(lines.join(''))],
  ]
  for (const [name, content] of files) writeFileSync(join(folder, name), content)
  return files.map(([name]) => join(folder, name))
}
