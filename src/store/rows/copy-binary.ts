/**
 * Rows in the bytes of `COPY … FROM STDIN (FORMAT binary)`, checked before they are written.
 *
 * COPY refuses a whole batch for one bad field and does not say which, so each range is looked at here: a row with a field
 * that its column cannot hold is taken back and named, and the rows around it stand. Knows no table and no connection.
 * The format: postgresql.org/docs/18/sql-copy.html, "Binary Format".
 */

/** Signature, no flags, no header extension. */
const HEADER = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex')
const TRAILER = Buffer.from('ffff', 'hex')
const NULL_LENGTH = -1
const TWO_32 = 2 ** 32
const INT2_OID = 21
const INT8_OID = 20

export class CopyBinary {
  #bytes: Buffer
  #at = 0
  /** Where each row begins; its end is where the next one begins. */
  readonly #starts: number[] = []
  #fault: string | undefined

  constructor(capacityBytes = 16 * 1024) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes)
  }

  /** Rows held. */
  get rows(): number {
    return this.#starts.length
  }

  get byteLength(): number {
    return this.#at
  }

  /** Begins a row of so many fields, which must then be given in the order of the COPY statement's columns. */
  begin(fields: number): void {
    this.#fault = undefined
    this.#starts.push(this.#at)
    this.#room(2)
    this.#at = this.#bytes.writeInt16BE(fields, this.#at)
  }

  /** Ends the row. `undefined` when it stands; else what was wrong with it, and it is gone. */
  end(): string | undefined {
    if (this.#fault !== undefined) this.#at = this.#starts.pop()!
    return this.#fault
  }

  /** SQL NULL. */
  none(): void {
    this.#room(4)
    this.#at = this.#bytes.writeInt32BE(NULL_LENGTH, this.#at)
  }

  bool(value: boolean | undefined): void {
    if (value === undefined) this.none()
    else {
      const at = this.#field(1)
      this.#at = this.#bytes.writeUInt8(value ? 1 : 0, at)
    }
  }

  int2(name: string, value: number | undefined): void {
    if (value === undefined) this.none()
    else if (!isInt2(value)) this.#refuse(name, value, '16 bits')
    else {
      const at = this.#field(2)
      this.#at = this.#bytes.writeInt16BE(value, at)
    }
  }

  int4(name: string, value: number | undefined): void {
    if (value === undefined) this.none()
    else if (value !== (value | 0)) this.#refuse(name, value, '32 bits')
    else {
      const at = this.#field(4)
      this.#at = this.#bytes.writeInt32BE(value, at)
    }
  }

  /** A whole number of at most 2^53 - 1. */
  int8(name: string, value: number | undefined): void {
    if (value === undefined) this.none()
    else if (!Number.isSafeInteger(value)) this.#refuse(name, value, 'a whole number below 2^53')
    else this.#at = this.#writeInt8(value, this.#field(8))
  }

  bigint(name: string, value: bigint | undefined): void {
    if (value === undefined) this.none()
    else if (BigInt.asIntN(64, value) !== value) this.#refuse(name, value, '64 bits')
    else {
      const at = this.#field(8)
      this.#at = this.#bytes.writeBigInt64BE(value, at)
    }
  }

  /** UTF-8. PostgreSQL's text cannot hold a NUL. */
  text(name: string, value: string | undefined): void {
    if (value === undefined) this.none()
    else if (value.includes('\0')) this.#refuse(name, value, 'text without NUL')
    else {
      const length = Buffer.byteLength(value)
      const at = this.#field(length)
      this.#at = at + this.#bytes.write(value, at)
    }
  }

  bytea(value: Uint8Array | undefined): void {
    if (value === undefined) this.none()
    else {
      const at = this.#field(value.length)
      this.#bytes.set(value, at)
      this.#at = at + value.length
    }
  }

  /** `int2[]`, one dimension, no NULLs. */
  int2Array(name: string, values: readonly number[]): void {
    const wrong = values.find((value) => !isInt2(value))
    if (wrong !== undefined) this.#refuse(name, wrong, '16 bits')
    else this.#array(INT2_OID, 2, values, (value, at) => this.#bytes.writeInt16BE(value, at))
  }

  /** `int8[]`, one dimension, no NULLs. */
  int8Array(name: string, values: readonly number[]): void {
    const wrong = values.find((value) => !Number.isSafeInteger(value))
    if (wrong !== undefined) this.#refuse(name, wrong, 'whole numbers below 2^53')
    else this.#array(INT8_OID, 8, values, (value, at) => this.#writeInt8(value, at))
  }

  /** What COPY takes: rows `from` … `to - 1` between header and trailer. */
  stream(from = 0, to = this.rows): Buffer {
    const start = this.#starts[from] ?? this.#at
    const end = this.#starts[to] ?? this.#at
    return Buffer.concat([HEADER, this.#bytes.subarray(start, end), TRAILER])
  }

  /** Dimensions, no NULLs, the element's type; then length and lower bound; then the elements. */
  #array(oid: number, length: number, values: readonly number[], write: (value: number, at: number) => number): void {
    const dimensions = values.length === 0 ? 0 : 1
    const bytes = this.#bytesFor(12 + dimensions * 8 + values.length * (4 + length))
    let at = bytes.writeInt32BE(dimensions, this.#at)
    at = bytes.writeInt32BE(0, at)
    at = bytes.writeInt32BE(oid, at)
    if (dimensions === 1) at = bytes.writeInt32BE(1, bytes.writeInt32BE(values.length, at))
    for (const value of values) at = write(value, bytes.writeInt32BE(length, at))
    this.#at = at
  }

  #writeInt8(value: number, at: number): number {
    const high = Math.floor(value / TWO_32)
    return this.#bytes.writeUInt32BE(value - high * TWO_32, this.#bytes.writeInt32BE(high, at))
  }

  /** The row is lost; its fields are still taken so that the caller needs no branch for each. */
  #refuse(name: string, found: unknown, needed: string): void {
    this.#fault ??= `${name} needs ${needed}, found ${String(found).slice(0, 80).replaceAll('\0', '\\0')}`
  }

  /** Writes a field's length; answers where its bytes go. The bytes may move: look at them only after it. */
  #field(length: number): number {
    this.#bytesFor(length)
    return this.#at
  }

  /** The same, and hands out the bytes, which have room for the field. */
  #bytesFor(length: number): Buffer {
    this.#room(4 + length)
    this.#at = this.#bytes.writeInt32BE(length, this.#at)
    return this.#bytes
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}

const isInt2 = (value: number): boolean => Number.isInteger(value) && value >= -0x8000 && value <= 0x7fff
