/**
 * Recorded production frames, where the folder beside the repository holds them, and what an oracle of another author
 * says that they lead to. They may not be copied into the repository, so a bench that wants them says when they are absent.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Fold } from '#feed'
import { bookText } from './oracle.ts'

const SHARED = resolve(import.meta.dirname, '../../shared')
const CAPTURE = resolve(SHARED, 'data/kalshi/kxbtc15m-8-markets.jsonl.gz')
const ORACLE = resolve(SHARED, 'tools/book_oracle.py')

export const CAPTURE_NAME = 'kxbtc15m-8-markets'
export const hasCapture = existsSync(CAPTURE)

/** The frames as text, in order, up to the one with number `untilSeq`. */
export function captureFrames(untilSeq = Number.POSITIVE_INFINITY): string[] {
  const frames: string[] = []
  for (const line of gunzipSync(readFileSync(CAPTURE)).toString('utf8').split('\n')) {
    if (line === '') continue
    const { raw } = JSON.parse(line) as { raw: string }
    frames.push(raw)
    if ((JSON.parse(raw) as { seq?: number }).seq === untilSeq) break
  }
  return frames
}

/** The oracle's digest of the whole capture or up to a frame; `undefined` where it or Python is absent. */
export function askOracle(untilSeq: number | undefined): string | undefined {
  if (!existsSync(ORACLE)) return undefined
  const at = untilSeq === undefined ? [] : ['--at', String(untilSeq)]
  const run = spawnSync('python3', [ORACLE, CAPTURE, ...at], { encoding: 'utf8', maxBuffer: 64 << 20 })
  if (run.error !== undefined) return undefined
  if (run.status !== 0) throw new Error(`the oracle failed on ${CAPTURE_NAME}: ${run.stderr}`)
  const { markets } = JSON.parse(run.stdout) as { markets: Readonly<Record<string, Verdict>> }
  return verdictDigest(Object.entries(markets))
}

/** What {@link askOracle} must say of a fold: each market's validity, last number and digest. */
export const foldVerdict = (fold: Fold): string =>
  verdictDigest(
    fold.markets().map(({ ticker, book, proven, seq }) => {
      const { yes, no } = book.levels()
      const text = bookText(ticker, yes, no)
      return [ticker, { valid: proven, seq, sha256: createHash('sha256').update(text).digest('hex') }]
    }),
  )

type Verdict = { readonly valid: boolean; readonly seq: number; readonly sha256: string }

function verdictDigest(markets: readonly (readonly [string, Verdict])[]): string {
  const lines = markets.map(([ticker, { valid, seq, sha256 }]) => `${ticker} ${valid} ${seq} ${sha256}\n`)
  return createHash('sha256').update(lines.sort().join('')).digest('hex')
}
