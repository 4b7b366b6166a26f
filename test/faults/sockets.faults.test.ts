/** Sockets dropped and left half-open between a recorder process and an exchange process, at 2,000 frames a second. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { seededUnit } from '#exchange'
import { accountOf, startRecording, untilValid } from '../recorder/stored-journal.ts'
import { withFolder } from '../store/database-support.ts'
import { accountFor, rowOf } from '../support/frame-accounting.ts'
import { readFrameNumbers } from '../support/frame-numbers.ts'
import { run } from '../support/program.ts'
import { startExchangeProcess } from './exchange-process.ts'
import { countHoles } from './told-holes.ts'
import { tearWire } from './torn-wire.ts'

const SEED = Number(process.env['SEED'] ?? 1)
const DROPS = 8
const HALF_OPENS = 2
/** Pings come every 10 s; without frames for so long a connection is dead. */
const SILENCE = { KALSHIFLOW_PING_SILENCE_MS: '1000' }

test(`${DROPS} sockets dropped and ${HALF_OPENS} half-opened: each loss is declared by its connection, and nothing else is lost`, () =>
  withFolder(async (data) => {
    const unit = seededUnit(SEED)
    const exchange = await startExchangeProcess(['--capture', 'demo', '--loop', '--rate', '2000'])
    const wire = await tearWire(Number(new URL(exchange.url).port))
    const through = (url: string) => url.replace(/:\d+\//, `:${wire.port}/`)
    const program = startRecording({ ...exchange, url: through(exchange.url) }, data, {
      args: ['--no-store'],
      settings: SILENCE,
    })
    try {
      for (let fault = 1; fault <= DROPS + HALF_OPENS; fault++) {
        await untilValid(data)
        await sleep(100 + unit() * 400)
        if (fault % 4 === 0) expect(wire.halfOpen()).toBeGreaterThan(0)
        else expect(wire.drop()).toBeGreaterThan(0)
        // Until it is noticed the books are shown as they were.
        await sleep(fault % 4 === 0 ? 1_500 : 50)
      }
      await untilValid(data)
      program.kill('SIGTERM')
      const ended = await program.ended
      expect([ended.code, accountOf(ended).isComplete]).toEqual([0, true])
      const journal = await readFrameNumbers(data)
      const account = accountFor(await exchange.sent(), journal)
      process.stdout.write(`${rowOf(`sockets: ${DROPS + HALF_OPENS} torn (seed ${SEED})`, account)}\n`)
      expect(account).toMatchObject({ doubled: 0, invented: 0, undeclared: [] })
      expect(account.lost['ping_silence']).toBeGreaterThan(0)
      expect(Object.keys(account.lost).sort().join()).toMatch(/^(disconnect,)?ping_silence(,stopped)?$/)
      const causes = journal.connections.map(({ lost }) => lost?.cause)
      expect(causes.filter((cause) => cause === 'ping_silence')).toHaveLength(Math.floor((DROPS + HALF_OPENS) / 4))
      // What its own ledger tells: one hole for each socket torn, and no other.
      const holes = await countHoles(data)
      expect(holes).toEqual({ disconnect: DROPS, ping_silence: HALF_OPENS })
      const { code, err } = await run(['verify', '--data', data, '--no-database']).ended
      expect([code, err]).toEqual([0, ''])
    } finally {
      program.kill('SIGKILL')
      await program.ended
      await wire.close()
      await exchange.close()
    }
  }))
