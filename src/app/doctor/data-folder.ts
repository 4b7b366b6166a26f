/** The data folder: whose it is, whether somebody records into it, and how the last run ended. */
import { accessSync, constants, statSync } from 'node:fs'
import { FileDisk, listSegments } from '#journal'
import { listRuns } from '../reading/last-run.ts'
import { isRecording } from '../recorder/data-lock.ts'
import { bad, type Check, good, warn } from './check.ts'
import { nearestFolder } from './probe-folder.ts'

export const dataFolder: Check = {
  name: 'data-folder',
  limitMs: 30_000,
  async look({ dataFolder: folder, environment }) {
    const nearest = nearestFolder(folder)
    if (!nearest.isThere) {
      if (statSync(folder, { throwIfNoEntry: false }) !== undefined)
        return bad({ found: `${folder} is a file`, needed: 'a folder', remedy: 'Name another with --data.' })
      if (!mayWrite(nearest.folder)) return cannotWrite(nearest.folder, 'to make the data folder in')
      return good(`${folder} is not there yet; the first start makes it`)
    }
    if (!mayWrite(folder)) return cannotWrite(folder, 'for the journal')
    const journal = `${folder}/journal`
    const segments = await listSegments(new FileDisk(), journal).catch(() => [])
    const found = segments.find((each) => each.environment !== undefined)?.environment
    if (found !== undefined && found !== environment) {
      return bad({
        found: `${folder} holds a journal of ${found}, and the settings name ${environment}`,
        needed: 'a folder for each environment',
        remedy: `Name another folder with --data, or leave KALSHIFLOW_DATA out to take ./data/${environment}.`,
      })
    }
    if (isRecording(folder)) return good(`${folder} (${environment}); a recorder runs`)
    const last = (await listRuns(journal)).at(-1)
    if (last === undefined) return good(`${folder} (${environment}), no run yet`)
    const ended = new Date(Number(last.lastNs / 1_000_000n)).toISOString().slice(0, 19)
    if (last.stopped !== undefined) return good(`${folder} (${environment}); the last run stopped at ${ended} as asked`)
    return warn({
      found: `${folder} (${environment}); the last run died at ${ended}`,
      needed: 'a run that was asked to stop',
      remedy: 'Look at its log for the reason. The next start writes the hole down; nothing durable is lost.',
    })
  },
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

const cannotWrite = (folder: string, what: string) =>
  bad({
    found: `this user may not write in ${folder}`,
    needed: `a folder ${what}`,
    remedy: 'Mend its owner and mode, or name another with --data.',
  })
