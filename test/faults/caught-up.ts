/** Waits until a recorder's store writes, and is near the head of the journal. */
import { askRecorder } from '#app'
import { until } from '../support/recording.ts'

/** A new database takes seconds to make, and a killed server is recovered at its next start. */
const CAUGHT_UP_MS_MAX = 120_000
/** So far behind it is caught up. A store that has stored nothing yet knows no time, only bytes. */
const NEAR_MS = 1_500
const NEAR_BYTES = 2 << 20

export const untilCaughtUp = (data: string): Promise<void> =>
  until(
    'rows are written',
    async () => {
      const status = await askRecorder(data, { ask: 'status' }).catch(() => undefined)
      const { state, behind_ms = 0, behind_bytes = 0 } = status?.store ?? {}
      return state === 'writing' && behind_ms < NEAR_MS && behind_bytes < NEAR_BYTES
    },
    CAUGHT_UP_MS_MAX,
  )
