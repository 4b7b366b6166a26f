/**
 * The log: events with fixed names and fields on standard error, since standard output is for results.
 *
 * Lines for machines are JSON; lines for people are only another dress of the same. A line is written behind the
 * program's back and dropped (and counted) when the reader of standard error holds up more than 4 MB: a paused terminal
 * must not stop a recorder. Not for the hot path: nothing is logged for each message.
 */
import pino from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { LogEvent } from './log-events.ts'
import { redactLine } from './log-redact.ts'

export type LogFields = { readonly event: LogEvent; readonly [field: string]: unknown }

type Write = (fields: LogFields, message?: string) => void

export type Log = {
  readonly trace: Write
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  readonly fatal: Write
  /** The same log with further fields on each line. */
  child(fields: Readonly<Record<string, unknown>>): Log
}

export type LogOptions = {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  readonly format: 'pretty' | 'json'
  /** Colours, in lines for people. Off unless told. */
  readonly colour?: boolean
  /** Where lines go instead of standard error. */
  readonly destination?: LogDestination
}

export type LogDestination = { write(line: string): unknown }

export type OpenLog = {
  readonly log: Log
  /** Writes what is still held, synchronously: before the process ends. */
  flush(): void
  /** Lines that were dropped so far. */
  dropped(): number
}

export const HELD_BYTES_MAX = 4 * 1024 * 1024

/** Colours only on a terminal, and not where NO_COLOR is set to anything (no-color.org). */
export const wantsColour = (terminal: boolean, environment: { readonly NO_COLOR?: string | undefined }): boolean =>
  terminal && (environment.NO_COLOR ?? '') === ''

/** A log as configured. Levels have names, times are ISO 8601 in UTC, secrets are masked in whatever line they got into. */
export function openLog({ level, format, colour = false, destination }: LogOptions): OpenLog {
  let dropped = 0
  const file =
    destination === undefined ? pino.destination({ dest: 2, sync: false, maxLength: HELD_BYTES_MAX }) : undefined
  file?.on('drop', () => {
    dropped += 1
  })
  // Standard error may be closed by whoever read it; that is no reason to stop recording.
  let isSick = false
  file?.on('error', () => {
    dropped += 1
    isSick = true
  })
  file?.on('write', () => {
    isSick = false
  })
  // Flushing to a full disk tries for ever, and the stream flushes itself when the process exits: a log that cannot be
  // written must not keep the program from ending.
  const letGo = () => {
    if (isSick) file?.destroy()
  }
  if (file !== undefined) process.prependListener('exit', letGo)
  const out = destination ?? file!
  const dress =
    format === 'pretty'
      ? prettyFactory({
          colorize: colour,
          ignore: 'event',
          messageFormat: peopleLine,
          translateTime: 'SYS:HH:MM:ss.l',
          singleLine: true,
        })
      : undefined
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.errWithCause, err: pino.stdSerializers.errWithCause },
      hooks: { streamWrite: redactLine },
    },
    { write: (line: string) => void out.write(dress === undefined ? line : dress(line)) },
  )
  return {
    log: log as Log,
    flush: () => {
      letGo()
      if (isSick) return
      try {
        file?.flushSync()
      } catch {
        // Nothing is left to tell it to.
      }
    },
    dropped: () => dropped,
  }
}

const peopleLine = (line: Record<string, unknown>): string =>
  [line['event'], line['msg']].filter((part) => part !== undefined).join(': ')
