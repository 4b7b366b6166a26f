/** The simulated exchange as a process of its own, as a recorder meets it: asked over HTTP what it sent and to whom. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SentReport } from '#exchange'
import { run } from '../support/program.ts'
import { until } from '../support/recording.ts'

export type ExchangeProcess = {
  readonly url: string
  readonly restUrl: string
  readonly keyPem: string
  readonly tickers: readonly string[]
  readonly pid: number
  sent(): Promise<SentReport>
  close(): Promise<void>
}

const STARTS_WITHIN_MS = 30_000

/** `args` beside a port and a key; without a capture among them it is a world. */
export async function startExchangeProcess(args: readonly string[]): Promise<ExchangeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-exchange-'))
  const keyFile = join(folder, 'key.pem')
  const program = run(['exchange', '--port', '0', '--key-out', keyFile, '--key-type', 'ed25519', '--json', ...args])
  await until(
    'the exchange listens',
    () => program.out().includes('\n') || program.child.exitCode !== null,
    STARTS_WITHIN_MS,
  )
  if (program.child.exitCode !== null) throw new Error(`the exchange did not start: ${program.err()}`)
  const { url, rest_url: restUrl } = JSON.parse(program.out().split('\n')[0]!) as { url: string; rest_url: string }
  const markets = (await (await fetch(`${restUrl}/markets?limit=1000&status=open`)).json()) as {
    markets: { ticker: string }[]
  }
  return {
    url,
    restUrl,
    keyPem: readFileSync(keyFile, 'utf8'),
    tickers: markets.markets.map(({ ticker }) => ticker),
    pid: program.child.pid!,
    sent: async () => (await (await fetch(`${restUrl}/exchange/sent`)).json()) as SentReport,
    close: async () => {
      program.kill('SIGKILL')
      await program.ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
