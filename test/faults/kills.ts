/**
 * A recorder with its store, killed at random instants while frames come in, again and again, on one data folder; then
 * let run and stopped, so that everything it still owes is written. Answers what was sent, journaled, stored and lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededUnit } from '#exchange'
import { accountOf, areAllValid, startRecording } from '../recorder/stored-journal.ts'
import { type Accounting, accountFor } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { until } from '../support/recording.ts'
import { untilCaughtUp } from './caught-up.ts'
import { startExchangeProcess } from './exchange-process.ts'

/** Every other life is counted from the start of the process: it may end before it connects, or while it does. */
const LIFE_MS = [300, 2_300] as const
/** The others from when all books are valid: in full flow, however slow the machine. */
const FLOW_MS = [50, 1_500] as const
const AFTERWARDS_MS = 500
/** On a machine that has much else to do. */
const VALID_MS_MAX = 60_000

export type Killed = Accounting & {
  readonly kills: number
  /** Kills that met a recorder which had journaled frames. */
  readonly inFlow: number
  /** From the last frame that the journal kept to the kill, in ms: within it lies all that was lost. */
  readonly windowsMs: readonly number[]
  readonly isComplete: boolean
  readonly rows: number
}

export async function killAgainAndAgain(
  data: string,
  { kills, seed, ratePerSecond }: { readonly kills: number; readonly seed: number; readonly ratePerSecond: number },
  tell: (line: string) => void = () => {},
): Promise<Killed> {
  const unit = seededUnit(seed)
  const exchange = await startExchangeProcess(['--capture', 'demo', '--loop', '--rate', String(ratePerSecond)])
  const lives: { readonly fromMs: number; readonly killedMs: number }[] = []
  let program = startRecording(exchange, data)
  const untilValid = async () => {
    await until(
      'all books are valid',
      async () => program.child.exitCode !== null || (await areAllValid(data)),
      VALID_MS_MAX,
    )
    if (program.child.exitCode !== null) throw new Error(`the recorder ended by itself: ${program.err()}`)
  }
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const fromMs = Date.now()
      if (kill % 2 === 1) await untilValid()
      const [least, most] = kill % 2 === 1 ? FLOW_MS : LIFE_MS
      await sleep(least + unit() * (most - least))
      if (program.child.exitCode !== null) throw new Error(`the recorder ended by itself: ${program.err()}`)
      program.kill('SIGKILL')
      lives.push({ fromMs, killedMs: Date.now() })
      await program.ended
      program = startRecording(exchange, data)
      if (kill % 20 === 0) tell(`${kill} kills`)
    }
    await untilValid()
    await untilCaughtUp(data)
    await sleep(AFTERWARDS_MS)
    program.kill('SIGTERM')
    const ended = await program.ended
    const { isComplete, store } = accountOf(ended)
    const journal = await readFrameNumbers(data)
    const windowsMs = lives.flatMap(({ fromMs, killedMs }) => {
      const kept = journal.connections
        .map(({ lastNs }) => Number(lastNs / 1_000n) / 1_000)
        .filter((lastMs) => lastMs >= fromMs && lastMs <= killedMs + 5)
      return kept.length === 0 ? [] : [Math.max(0, killedMs - Math.max(...kept))]
    })
    const account = accountFor(await exchange.sent(), journal)
    return { ...account, kills, inFlow: windowsMs.length, windowsMs, isComplete, rows: store.rows }
  } finally {
    program.kill('SIGKILL')
    await program.ended
    await exchange.close()
  }
}
