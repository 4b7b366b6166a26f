/** The faults whose end takes longer than a fast test may: the rest of fault-switches.test.ts. */
import { expect, test } from 'vitest'
import { until } from '../support/recording.ts'
import { A_WORLD, allValid, causes, expectAccounted, expectWhole, meeting, untilHappened } from './fault-meeting.ts'

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

test('late: a connection whose messages grow too old is replaced, and the frames that were on their way are declared', () =>
  meeting(
    'late=400ms/s@1s:1',
    async (running) => {
      await until('it is replaced', () => causes(running).length === 1, RECOVERED_MS_MAX)
      await expectWhole(running)
      expect(causes(running)).toEqual(['message_age'])
      const { lost } = await expectAccounted(running)
      expect(lost['message_age']).toBeGreaterThan(0)
    },
    { ...A_WORLD, recorder: { messageAge: { climbMsMax: 300, windowMs: 200 } } },
  ))
