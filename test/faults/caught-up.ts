/** Waits until a recorder's store writes, and is near the head of the journal. */
import { askRecorder } from '#app'
import { until } from '../support/recording.ts'

/** A new database takes seconds to make, and a killed server is recovered at its next start. */
const CAUGHT_UP_MS_MAX = 60_000
/** So far behind it is caught up. */
const NEAR_MS = 1_500

export const untilCaughtUp = (data: string): Promise<void> =>
  until(
    'rows are written',
    async () => {
      const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
      const { state, behind_ms = Number.POSITIVE_INFINITY } = status?.store ?? {}
      return state === 'writing' && behind_ms < NEAR_MS
    },
    CAUGHT_UP_MS_MAX,
  )
