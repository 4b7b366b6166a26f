/** What a recorder tells those who follow it, and what an operator's pause leaves in the journal. */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type ConnectionLostBody, formatPosition, parsePosition, RECORD } from '#domain'
import { decodeJson, FileDisk, openCursor } from '#journal'
import { askRecorder, type FollowLine, followRecorder } from '#live'
import { DEMO } from '../support/captures.ts'
import { aFolder, until } from '../support/recording.ts'
import { JOURNAL, recordLive } from './live-support.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanups.splice(0).reverse()) await each()
})

async function live(options: Parameters<typeof recordLive>[1] = {}) {
  const recording = await recordLive({ capture: DEMO, ratePerSecond: 1_000, loop: true }, options)
  cleanups.push(() => recording.close())
  return recording
}

/** The lines of a `follow`, as they come. */
function follow(path: string) {
  const lines: FollowLine[] = []
  const times: number[] = []
  let identity: unknown
  let text = ''
  const socket = connect(path, () => socket.write('{"id":7,"ask":"follow"}\n'))
  const closed = new Promise<void>((done) => socket.on('close', () => done()))
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    text += chunk
    const parts = text.split('\n')
    text = parts.pop()!
    for (const part of parts) {
      const line = JSON.parse(part)
      if (line.result !== undefined) identity ??= line
      else {
        lines.push(line)
        times.push(performance.now())
      }
    }
  })
  cleanups.push(() => socket.destroy())
  return { socket, lines, times, closed, identity: () => identity }
}

describe('a follower', () => {
  test('is told every move of the durable position, at most one in 5 ms, and the last one', async () => {
    const recording = await live({ journal: { ...JOURNAL, commitIntervalMs: 1 } })
    const { lines, times, closed, identity } = follow(recording.control.path)
    await until('there are lines', () => lines.length > 100)
    expect(identity()).toMatchObject({ id: 7, result: { environment: 'sim', journal: recording.recorder.journal.id } })
    const offsets = lines.map(({ durable }) => parsePosition(durable)!.offset)
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    expect(times.at(-1)! - times[0]!).toBeGreaterThan((lines.length - 2) * 4.5)
    for (const { head, durable } of lines)
      expect(parsePosition(head)!.offset).toBeGreaterThanOrEqual(parsePosition(durable)!.offset)
    expect(Math.abs(lines.at(-1)!.head_ms - Date.now())).toBeLessThan(1_000)
    const waits = lines.flatMap(({ waiting_ms }) => waiting_ms ?? [])
    expect(waits.length).toBeGreaterThan(0)
    for (const each of waits) expect(each).toBeGreaterThanOrEqual(0)

    await recording.stop()
    await closed
    expect(lines.at(-1)).toMatchObject({ durable: formatPosition(recording.recorder.journal.durable), ended: true })
  })

  test('hears a heartbeat each second where nothing moves', async () => {
    const recording = await live()
    recording.recorder.pause('test')
    await recording.recorder.journal.flush()
    const { lines } = follow(recording.control.path)
    await sleep(1_300)
    expect(lines.length).toBeGreaterThanOrEqual(2)
    expect(lines.length).toBeLessThanOrEqual(5)
  })

  test('that does not read is cut off, and the others and the recorder go on', async () => {
    const recording = await live({ journal: { ...JOURNAL, commitIntervalMs: 1 } })
    const slow = follow(recording.control.path)
    await until('it is followed', () => slow.lines.length > 0)
    slow.socket.pause()
    const other = follow(recording.control.path)
    // What the system holds for a socket is some hundred kilobytes: filled by asking for books on it.
    slow.socket.write(`{"id":1,"ask":"books"}\n`.repeat(400))
    const before = other.lines.length
    await until('the other hears on', () => other.lines.length > before + 50)
    slow.socket.resume()
    await slow.closed
    expect((await askRecorder(recording.folder, { ask: 'status' })).markets.valid).toBeGreaterThan(0)
  })

  test('looks for a recorder until there is one', async () => {
    const { path, remove } = aFolder()
    cleanups.push(remove)
    const link = followRecorder(path)
    cleanups.push(() => link.close())
    await until('nobody is there', () => link.state === 'gone')
    const recording = await live({ folder: path })
    await until('it follows', () => link.state === 'following')
    expect(link.identity?.session).toBe(recording.recorder.session)
    await recording.stop()
    await until('it is gone', () => link.state === 'gone')
    expect(formatPosition(link.head!.durable)).toBe(formatPosition(recording.recorder.journal.durable))
  })
})

describe('a pause', () => {
  test('lets the connections go, says so in the journal and the status, and may be asked for twice', async () => {
    const recording = await live()
    const { folder, recorder } = recording
    await until('books are valid', async () => (await askRecorder(folder, { ask: 'status' })).markets.valid > 0)
    const first = await askRecorder(folder, { ask: 'pause', by: 'tests' })
    expect(first.paused).toMatchObject({ by: 'tests' })
    expect(await askRecorder(folder, { ask: 'pause', by: 'others' })).toEqual(first)
    const paused = await askRecorder(folder, { ask: 'status' })
    expect(paused).toMatchObject({ paused: first.paused, markets: { valid: 0 }, connections_lost: 0 })
    expect(paused.connections.map(({ state }) => state)).toEqual(['paused'])
    expect(recorder.fold.markets().map(({ doubt }) => doubt)).toContain('recording_paused')
    const { frames } = paused
    await sleep(200)
    expect((await askRecorder(folder, { ask: 'status' })).frames).toBe(frames)

    // Markets that are asked for meanwhile wait for the end of it.
    await askRecorder(folder, { ask: 'subscribe', markets: ['KXDEMO-RAIN-MON'] })
    expect(await askRecorder(folder, { ask: 'resume' })).toEqual({ paused: null })
    expect(await askRecorder(folder, { ask: 'resume' })).toEqual({ paused: null })
    await until('all are valid again', async () => {
      const { markets } = await askRecorder(folder, { ask: 'status' })
      return markets.valid === markets.asked
    })
    await recording.stop()
    expect(await told(folder)).toEqual(['paused tests', 'lost paused', 'resumed tests', 'lost stopped'])
  })

  test('refuses a name that would not fit on a line', async () => {
    const { folder, recorder } = await live()
    await expect(askRecorder(folder, { ask: 'pause', by: 'a\nb' })).rejects.toThrow('printable')
    expect(recorder.paused).toBeUndefined()
  })
})

test('the status says what a service needs to know of the recorder’s process', async () => {
  const { folder } = await live()
  await sleep(300)
  const status = await askRecorder(folder, { ask: 'status' })
  expect(status).toMatchObject({ environment: 'sim', pid: process.pid, data_folder: folder, paused: null, store: null })
  expect(status.journal).toMatchObject({ failing: false, failed: null })
  expect(status.disk!.free_bytes).toBeGreaterThan(0)
  expect(status.memory.rss_bytes).toBeGreaterThan(status.memory.heap_bytes)
  const { p50, p99, max } = status.event_loop_delay_ms
  expect([p50 >= 0, p99 >= p50, max >= p99, max < 5_000]).toEqual([true, true, true, true])
})

/** The notes of pauses and the lost connections of a journal, in order. */
async function told(folder: string): Promise<string[]> {
  const lines: string[] = []
  for await (const block of openCursor({ disk: new FileDisk(), folder: `${folder}/journal` })) {
    while (block.next()) {
      const body = decodeJson<ConnectionLostBody & { event?: string; by?: string }>(block.body())
      if (block.type === RECORD.NOTE && body?.event !== undefined) lines.push(`${body.event} ${body.by}`)
      if (block.type === RECORD.CONNECTION_LOST) lines.push(`lost ${body?.cause}`)
    }
  }
  return lines
}
