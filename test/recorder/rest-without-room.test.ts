/** Answers of REST while the disk is full: they do not gather in memory, and how many are missing is written down. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { openRecorder } from '#app'
import { type NoteBody, RECORD } from '#domain'
import { decodeJson, FileDisk, openCursor } from '#journal'
import { aFolder, aLog, recorderOptions, until } from '../support/recording.ts'

class FullDisk extends FileDisk {
  isFull = false
  override async create(path: string) {
    const file = await super.create(path)
    const write = file.write.bind(file)
    file.write = async (bytes, offset) => {
      if (this.isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      await write(bytes, offset)
    }
    return file
  }
}

const PEM = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' } } as never)
  .privateKey as unknown as string

test('without room they are left out and counted in a note', async () => {
  const { path, remove } = aFolder()
  const { log, of } = aLog()
  const disk = new FullDisk()
  const options = recorderOptions({ url: 'ws://127.0.0.1:9', keyPem: PEM }, path)
  const recorder = await openRecorder({ ...options, journal: { ...options.journal, bufferBytes: 16 << 20 }, log, disk })
  recorder.begin()
  recorder.start([])
  disk.isFull = true
  const answers = 150
  const body = 'x'.repeat(1 << 20)
  for (let each = 0; each < answers; each++) {
    recorder.rest({ method: 'GET', path: '/markets', status: 200, body: `${each}${body}`, tookMs: 1 })
  }
  disk.isFull = false
  await until('the log tells of it', () => of('rest_left_out').length === 1)
  const [{ count } = { count: 0 }] = of('rest_left_out')
  expect((await recorder.stop('test ended')).isComplete).toBe(true)
  let kept = 0
  const notes: (NoteBody | undefined)[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${path}/journal` })) {
    while (block.next()) {
      if (block.type === RECORD.REST) kept++
      if (block.type === RECORD.NOTE) notes.push(decodeJson<NoteBody>(block.body()))
    }
  }
  expect(kept).toBeLessThan(20)
  expect(kept + Number(count)).toBe(answers)
  expect(notes).toContainEqual(expect.objectContaining({ event: 'rest_left_out', count }))
  remove()
})
