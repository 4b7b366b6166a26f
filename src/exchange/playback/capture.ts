/**
 * Reads a capture file into a {@link Tape}: newline JSON of `{"recv_ns","raw"}` or bare frames, plain, .gz or .zst.
 *
 * The file is streamed, the tape is held in memory. Every line is judged before anything is served: a bad one refuses
 * the whole capture, with its number. Nothing here is shared with the recorder's decoder.
 */
import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { ExchangeError } from '../error.ts'
import type { Tape } from './tape.ts'
import { TapeBuilder } from './tape-builder.ts'

export type CaptureOptions = {
  /** Stop after the first frame that carries this seq of the capture's own. */
  readonly untilSeq?: number | undefined
  /** Leave the times inside the messages as recorded. */
  readonly keepTimes: boolean
  /** Most decompressed bytes that are read; a tape takes about three times as much memory. */
  readonly bytesMax: number
}

const FAULTS_SHOWN = 10

/** Throws {@link ExchangeError} with up to ten faults and their line numbers. */
export async function readCapture(path: string, options: CaptureOptions): Promise<Tape> {
  const builder = new TapeBuilder(options)
  const faults: string[] = []
  let faultCount = 0
  let lineNumber = 0
  let bytes = 0
  let rest = ''
  const text = new StringDecoder('utf8')
  const takeLine = (line: string): void => {
    lineNumber++
    if (line.trim() === '') return
    const fault = builder.add(line)
    if (fault === undefined) return
    faultCount++
    if (faults.length < FAULTS_SHOWN) faults.push(`line ${lineNumber}: ${fault}`)
  }
  const takeChunk = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > options.bytesMax) {
      throw new ExchangeError(
        'FLOW_EXCHANGE_CAPTURE',
        `${path}: more than ${options.bytesMax} bytes when decompressed, and a capture is held in memory. Cut it, or raise captureBytesMax.`,
      )
    }
    const lines = (rest + text.write(chunk)).split('\n')
    rest = lines.pop() as string
    for (const line of lines) {
      if (builder.isComplete) return
      takeLine(line)
    }
  }

  try {
    for await (const chunk of openBytes(path)) {
      takeChunk(chunk)
      if (builder.isComplete) break
    }
  } catch (cause) {
    if (cause instanceof ExchangeError) throw cause
    if (!builder.isComplete) {
      throw new ExchangeError(
        'FLOW_EXCHANGE_CAPTURE',
        `${path}: could not be read: ${(cause as Error).message}`,
        [],
        cause,
      )
    }
  }
  rest += text.end()
  if (!builder.isComplete && rest !== '') takeLine(rest)
  if (faultCount > 0) {
    const shown = faultCount > faults.length ? `, the first ${faults.length} are` : ''
    const message = `${path}: ${faultCount} bad line${faultCount === 1 ? '' : 's'}; nothing was served${shown}:`
    throw new ExchangeError('FLOW_EXCHANGE_CAPTURE', message, faults)
  }
  if (options.untilSeq !== undefined && !builder.isComplete) {
    throw new ExchangeError(
      'FLOW_EXCHANGE_CAPTURE',
      `${path}: no frame has seq ${options.untilSeq}; the highest is ${builder.highestSeq}. Give one that is there, or leave it out.`,
    )
  }
  const tape = builder.build()
  if (tape.markets.length === 0) {
    throw new ExchangeError(
      'FLOW_EXCHANGE_CAPTURE',
      `${path}: no order-book snapshot in it, so there is nothing to serve.`,
    )
  }
  return tape
}

/** The decompressed bytes. An error of either stream reaches the reader of the last. */
function openBytes(path: string): Readable {
  const file = createReadStream(path)
  if (path.endsWith('.gz')) return pipeline(file, createGunzip(), () => undefined)
  if (path.endsWith('.zst')) return pipeline(file, createZstdDecompress(), () => undefined)
  return file
}
