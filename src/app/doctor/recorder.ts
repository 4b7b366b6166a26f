/** The recorder of this folder, where one runs: whether it answers on its control socket, and what it says of itself. */
import { askRecorder, ControlError } from '#live'
import { isRecording } from '../recorder/data-lock.ts'
import { VERSION } from '../version.ts'
import { bad, type Check, good, skipped, warn } from './check.ts'

export const recorder: Check = {
  name: 'recorder',
  limitMs: 15_000,
  async look({ dataFolder }) {
    if (!isRecording(dataFolder)) return skipped('no recorder runs in this folder')
    try {
      const { version, pid, frames, markets, connections, paused, journal } = await askRecorder(dataFolder, {
        ask: 'status',
      })
      const live = connections.filter(({ state }) => state === 'live').length
      const found = `process ${pid} answers: ${frames} frames, ${markets.valid} of ${markets.asked} books valid, ${live} of ${connections.length} connections live`
      const figures = { pid, frames, valid: markets.valid, asked: markets.asked, live }
      if (journal.failed !== null)
        return bad({
          found: `${found}; ${journal.failed}`,
          needed: 'a journal that takes records',
          remedy: 'See its log.',
          figures,
        })
      if (paused !== null)
        return warn({
          found: `${found}; paused by ${paused.by}`,
          needed: 'recording',
          remedy: 'Resume it over /rl/admin/resume.',
          figures,
        })
      if (version !== VERSION)
        return warn({
          found: `${found}; it is version ${version} and this is ${VERSION}`,
          needed: 'one version',
          remedy: 'Start the recorder again with this one.',
          figures,
        })
      if (live > 0 && live === connections.length) return good(found, figures)
      return warn({
        found,
        needed: 'connections that are live',
        remedy: 'See its log for what the exchange answered.',
        figures,
      })
    } catch (error) {
      if (!(error instanceof ControlError)) throw error
      return bad({
        found: `a recorder holds the folder and does not answer: ${error.message}`,
        needed: 'an answer on its control socket',
        remedy: 'See its log; if it hangs, end it by its process id and start it again.',
      })
    }
  },
}
