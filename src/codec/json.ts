/**
 * Small readers of unknown JSON, shared by the decoders of this folder. Each answers `undefined` rather than throw.
 */
import type { MalformedFrame } from './frame.ts'

export type Json = { readonly [key: string]: unknown }

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A count such as a `sid`, `seq`, `id` or Unix ms: a whole number from 0 to 2^53 - 1. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

export const countOf = (value: unknown): number | undefined => (isCount(value) ? value : undefined)

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** What is wrong with a message, before its place is known. */
export type Fault = { readonly fault: true; readonly at: string; readonly was: string }

export const fault = (at: string, was: unknown): Fault => ({ fault: true, at, was: show(was) })

export const malformed = (at: string, was: unknown, frame?: Json): MalformedFrame => {
  const msg = isJson(frame?.['msg']) ? frame['msg'] : undefined
  return {
    type: 'malformed',
    at,
    was: show(was),
    sid: countOf(frame?.['sid']),
    seq: countOf(frame?.['seq']),
    market: textOf(msg?.['market_ticker']),
  }
}

/** A glance at a value. Never walks into it: what is nested deep enough would end the stack. */
const show = (value: unknown): string => {
  if (typeof value === 'string') return value.slice(0, 80)
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
