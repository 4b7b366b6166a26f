/** Where a record stands, and when it came. */
import type { Position } from '#domain'

export type Place = Position & { readonly receivedNs: bigint }

/** Unix ms of a stamp, to the microsecond: a double holds no more. The same for a stamp and for a row made from it. */
export const msOfNs = (ns: bigint): number => Number(ns / 1000n) / 1000

/** Unix ns of a receive time in ms: whole microseconds. */
export const nsOfMs = (ms: number): bigint => BigInt(Math.floor(ms * 1000)) * 1000n
