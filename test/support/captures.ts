/**
 * The captures that tests play: our own small one, and recorded production frames where the folder beside the repository
 * holds them. The recorded ones may not be copied, so a test that needs them skips with a word where they are absent.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'

const ROOT = resolve(import.meta.dirname, '../..')
const SHARED = resolve(ROOT, '../shared')

export const DEMO = join(ROOT, 'captures/demo.jsonl.gz')
export const BASEBALL = join(SHARED, 'data/kalshi/mlb-wnba-12-markets.jsonl')
export const BITCOIN = join(SHARED, 'data/kalshi/kxbtc15m-8-markets.jsonl.gz')
export const ORACLE = join(SHARED, 'tools/book_oracle.py')

export const hasShared = existsSync(BASEBALL) && existsSync(BITCOIN) && existsSync(ORACLE)
export const NO_SHARED = 'needs the recorded frames beside the repository (../shared), which are not here'

/** The frames of a capture as text, in order. */
export function framesOf(path: string): string[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => (JSON.parse(line) as { raw: string }).raw)
}

export type OracleMarket = { readonly valid: boolean; readonly seq: number; readonly sha256: string }
export type OracleAnswer = {
  readonly frames: number
  readonly types: Readonly<Record<string, number>>
  readonly markets: Readonly<Record<string, OracleMarket>>
}

/** What the independent oracle says of a capture, at its end or after the frame with that seq. */
export function askOracle(path: string, at?: number): OracleAnswer {
  const key = `${path} ${at ?? ''}`
  const known = answers.get(key)
  if (known !== undefined) return known
  const args = at === undefined ? [path] : [path, '--at', String(at)]
  const run = spawnSync('python3', [ORACLE, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 })
  if (run.status !== 0) throw new Error(`the oracle failed on ${path}: ${run.stderr || run.error?.message}`)
  const answer = JSON.parse(run.stdout) as OracleAnswer
  answers.set(key, answer)
  return answer
}

const answers = new Map<string, OracleAnswer>()
