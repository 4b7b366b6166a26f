/** Where the journal is copied to: whether it is there, lets us in, and stands on another disk. Nothing is put there. */
import { accessSync, constants, statSync } from 'node:fs'
import { ArchiveError, openTarget, readTargetName } from '#archive'
import { isPrivateHost } from '../config/config-exchange.ts'
import { bad, type Check, good, skipped, warn } from './check.ts'
import { nearestFolder } from './probe-folder.ts'

/** A key that no segment has: asking for it needs the same rights as asking for one that is there. */
const NO_KEY = 'kalshiflow-doctor/nothing'

export const archive: Check = {
  name: 'archive',
  limitMs: 30_000,
  async look({ config: { archive: told }, dataFolder, isOffline }) {
    if (told.to === undefined) return skipped('none is set: this disk holds the only copy')
    const { to, endpoint } = told
    const place = readTargetName({ to, endpoint })
    const isFar = typeof place !== 'string' && (endpoint === undefined || !isPrivateHost(new URL(endpoint).hostname))
    if (isOffline && isFar) return skipped('offline')
    const target = await openTarget({ to, endpoint })
    try {
      await target.head(NO_KEY)
      if (typeof place !== 'string') return good(`${target.name} answers and lets us in`)
      accessSync(place, constants.W_OK | constants.X_OK)
      if (statSync(place).dev !== statSync(nearestFolder(dataFolder).folder).dev)
        return good(`${place} is another disk`)
      return warn({
        found: `${place} is on the disk of the data folder`,
        needed: 'another disk, for the day that this one dies',
        remedy: 'Name a folder on another disk, or s3://bucket/prefix, in KALSHIFLOW_ARCHIVE_TO.',
      })
    } catch (error) {
      const { code = 'unknown', message } = error as NodeJS.ErrnoException
      return bad({
        found: error instanceof ArchiveError ? message : `${target.name} cannot be written (${code})`,
        needed: 'an archive that takes copies',
        remedy: 'Mount it, mend its rights or the credentials; copies wait meanwhile and nothing is removed.',
      })
    } finally {
      target.close()
    }
  },
}
