/**
 * A whole book as the bytes of a CHECKPOINT record. docs/journal.md draws them. Little endian, no padding:
 *
 *   version u8 = 1 · ticker length u8 · yes levels u16 · no levels u16 · reserved u16
 *   connection u32 · sid u32 · sidSeq u64 · seq u64 · exchangeMs u64
 *   ticker, ASCII · yes levels · no levels, each price u16 (1/10,000 dollar) and size u48 (1/100 contract)
 *
 * A price has at most 9,999 values, so 16 bits hold the count of levels too; 48 bits hold 2.8 trillion contracts.
 */
import { type CheckpointBook, isBookPrice, TICKER_LENGTH_MAX } from '#domain'

const VERSION = 1
const FIXED_BYTES = 40
const LEVEL_BYTES = 8
const SIZE_MAX = 2 ** 48 - 1

type Levels = CheckpointBook['yes']

/**
 * The book as bytes. Throws RangeError when a field does not fit (a price outside 1 … 9,999, a size that is no whole
 * number from 1 to 2^48 − 1, levels not in rising price): such a book is our own fault and must not become history.
 */
export function encodeCheckpoint(book: CheckpointBook): Uint8Array {
  const ticker = Buffer.from(book.market, 'latin1')
  if (ticker.length === 0 || ticker.length > TICKER_LENGTH_MAX || ticker.toString('latin1') !== book.market) {
    throw new RangeError(
      `a checkpoint needs a ticker of 1 to ${TICKER_LENGTH_MAX} ASCII characters, found '${book.market}'`,
    )
  }
  checkLevels(book, 'yes')
  checkLevels(book, 'no')
  const bytes = Buffer.alloc(FIXED_BYTES + ticker.length + LEVEL_BYTES * (book.yes.length + book.no.length))
  bytes.writeUInt8(VERSION, 0)
  bytes.writeUInt8(ticker.length, 1)
  bytes.writeUInt16LE(book.yes.length, 2)
  bytes.writeUInt16LE(book.no.length, 4)
  bytes.writeUInt32LE(book.connection, 8)
  bytes.writeUInt32LE(book.sid, 12)
  bytes.writeBigUInt64LE(BigInt(book.sidSeq), 16)
  bytes.writeBigUInt64LE(BigInt(book.seq), 24)
  bytes.writeBigUInt64LE(BigInt(book.exchangeMs), 32)
  ticker.copy(bytes, FIXED_BYTES)
  const noStart = writeLevels(bytes, FIXED_BYTES + ticker.length, book.yes)
  writeLevels(bytes, noStart, book.no)
  return bytes
}

/** The book; `undefined` when the bytes are not a checkpoint of a version that this program knows. Never throws. */
export function decodeCheckpoint(input: Uint8Array): CheckpointBook | undefined {
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  if (bytes.length < FIXED_BYTES || bytes.readUInt8(0) !== VERSION) return undefined
  const tickerLength = bytes.readUInt8(1)
  const yesCount = bytes.readUInt16LE(2)
  const noCount = bytes.readUInt16LE(4)
  if (tickerLength === 0 || bytes.length !== FIXED_BYTES + tickerLength + LEVEL_BYTES * (yesCount + noCount))
    return undefined
  const sidSeq = Number(bytes.readBigUInt64LE(16))
  const seq = Number(bytes.readBigUInt64LE(24))
  const exchangeMs = Number(bytes.readBigUInt64LE(32))
  if (!Number.isSafeInteger(sidSeq) || !Number.isSafeInteger(seq) || !Number.isSafeInteger(exchangeMs)) return undefined
  const levelsStart = FIXED_BYTES + tickerLength
  const yes = readLevels(bytes, levelsStart, yesCount)
  const no = readLevels(bytes, levelsStart + LEVEL_BYTES * yesCount, noCount)
  if (yes === undefined || no === undefined) return undefined
  return {
    market: bytes.toString('latin1', FIXED_BYTES, levelsStart),
    connection: bytes.readUInt32LE(8),
    sid: bytes.readUInt32LE(12),
    sidSeq,
    seq,
    exchangeMs,
    yes,
    no,
  }
}

function checkLevels(book: CheckpointBook, side: 'yes' | 'no'): void {
  let before = 0
  for (const [price, size] of book[side]) {
    if (!Number.isInteger(price) || !isBookPrice(price) || price <= before) {
      throw new RangeError(
        `a checkpoint of ${book.market} needs rising prices of 1 to 9999 on ${side}, found ${before}, ${price}`,
      )
    }
    if (!Number.isInteger(size) || size < 1 || size > SIZE_MAX) {
      throw new RangeError(
        `a checkpoint of ${book.market} needs sizes of 1 to 2^48-1 on ${side}, found ${size} at ${price}`,
      )
    }
    before = price
  }
}

function writeLevels(bytes: Buffer, start: number, levels: Levels): number {
  let at = start
  for (const [price, size] of levels) {
    bytes.writeUInt16LE(price, at)
    bytes.writeUIntLE(size, at + 2, 6)
    at += LEVEL_BYTES
  }
  return at
}

function readLevels(bytes: Buffer, start: number, count: number): Levels | undefined {
  const levels: [number, number][] = []
  let before = 0
  for (let at = start; at < start + count * LEVEL_BYTES; at += LEVEL_BYTES) {
    const price = bytes.readUInt16LE(at)
    const size = bytes.readUIntLE(at + 2, 6)
    if (!isBookPrice(price) || price <= before || size === 0) return undefined
    levels.push([price, size])
    before = price
  }
  return levels
}
