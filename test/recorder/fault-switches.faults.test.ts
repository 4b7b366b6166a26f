/** The faults whose end takes longer than a fast test may: the rest of fault-switches.test.ts. */
import { expect, test } from 'vitest'
import { until } from '../support/recording.ts'
import { A_WORLD, allValid, expectAccounted, expectWhole, meeting, untilHappened } from './fault-meeting.ts'

const RECOVERED_MS_MAX = 60_000

test('flip: when prices are the right way round again, every book comes back', () =>
  meeting(
    'flip@1s-3s',
    async (running) => {
      await untilHappened(running, 'flip', 2)
      await until('the change was told', () => running.of('wire_changed').length > 0)
      await until('all books are valid', () => allValid(running), RECOVERED_MS_MAX)
      await expectWhole(running)
      await expectAccounted(running)
    },
    A_WORLD,
  ))

test('429: after the longer wait it is let in, and every book comes back', () =>
  meeting('429=1@600ms,cut@600ms', async (running) => {
    await until('it is refused', () => running.of('connect_failed').length === 1)
    await until(
      'it is connected again',
      () => running.recorder.connectionsLost === 1 && allValid(running),
      RECOVERED_MS_MAX,
    )
    expect(running.of('connect_failed')).toHaveLength(1)
    await expectWhole(running)
    await expectAccounted(running)
  }))
