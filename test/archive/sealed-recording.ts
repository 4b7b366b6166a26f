/** A recording of several segments, all of them sealed, that nobody writes to any more. */
import { generateKeyPem } from '#exchange'
import { FileDisk, sealableSegments, sealSegment } from '#journal'
import { DEMO } from '../support/captures.ts'
import { aFolder, record, recorderOptions, until } from '../support/recording.ts'

export async function recordSealed(segments: number): Promise<ReturnType<typeof aFolder>> {
  const folder = aFolder()
  const { journal } = recorderOptions({ url: '', keyPem: await generateKeyPem('ed25519') }, '')
  const recording = await record(
    { capture: DEMO, ratePerSecond: 3000, loop: true, startAfterMarkets: 6 },
    { folder: folder.path, journal: { ...journal, segmentBytes: 100_000 } },
  )
  await until('the segments are full', () => recording.recorder.journal.head.segment >= segments)
  await recording.close()
  const place = { disk: new FileDisk(), folder: `${folder.path}/journal`, isFinished: true }
  for (const each of await sealableSegments(place.disk, place.folder, true)) await sealSegment(place, each)
  return folder
}
