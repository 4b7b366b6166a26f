/**
 * Kinds of settings: each takes the text that a person wrote and gives a value with a unit, or says what is needed.
 *
 * Strict on purpose. `Number('0x10')`, `Number('1e3')` and `Number(' ')` are numbers; none of them was meant.
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { changeRules, RuleFault } from '#alert'
import { readTargetName, type TargetName } from '#archive'
import { isTicker, TICKER_LENGTH_MAX } from '#domain'
import { Secret } from './secret.ts'

const TOKEN_LENGTH_MIN = 16
const TOKEN_LENGTH_MAX = 512

/** What is told of a setting besides its kind. */
export type About = {
  /** One sentence: what it is and what happens if you change it. */
  readonly about: string
  /** The default as one would write it. Absent when there is none, or when it follows from other settings. */
  readonly fallback?: string
  /** How the default comes about where it follows from other settings. */
  readonly derived?: string
  /** A value to show in `.env.example` where there is no default. */
  readonly example?: string
  /** Never shown, not even in part. */
  readonly secret?: true
}

const told = z.registry<About>()

/** What {@link setting} and {@link optional} were told of a field. */
export function aboutOf(field: z.ZodType): About {
  const about = told.get(field)
  if (about === undefined) throw new TypeError('a setting was declared without saying what it is')
  return about
}

/** A setting that always has a value: `fallback` where nothing was written. */
export function setting<Out>(kind: z.ZodType<Out, string>, about: About & { readonly fallback: string }) {
  return kind.prefault(about.fallback).register(told, about)
}

/** A setting that may be left out. */
export function optional<Out>(kind: z.ZodType<Out, string>, about: About) {
  return kind.optional().register(told, about)
}

/** Text that becomes a value; `undefined` from `read` is a fault that says `needed`. */
function written<Out>(needed: string, read: (text: string) => Out | undefined): z.ZodType<Out, string> {
  return z.string().transform((text, context) => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: needed })
    return z.NEVER
  })
}

export const wholeNumber = (least: number, most: number): z.ZodType<number, string> =>
  written(`a whole number from ${least} to ${most}`, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= least && value <= most ? value : undefined
  })

/** Seconds as a decimal number, kept as whole milliseconds. */
export const seconds = (leastMs: number, mostMs: number): z.ZodType<number, string> =>
  written(`seconds from ${leastMs / 1000} to ${mostMs / 1000}, with at most three decimals`, (text) => {
    const parts = /^(\d{1,9})(?:\.(\d{1,3}))?$/.exec(text)
    if (parts === null) return undefined
    const ms = Number(parts[1]) * 1000 + Number((parts[2] ?? '').padEnd(3, '0'))
    return ms >= leastMs && ms <= mostMs ? ms : undefined
  })

const YES_OR_NO: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
])

export const yesOrNo: z.ZodType<boolean, string> = written('true or false', (text) => YES_OR_NO.get(text.toLowerCase()))

/** One of some words, whatever their case; `others` are further spellings of them. */
export const oneOf = <const Word extends string>(words: readonly Word[], others: Readonly<Record<string, Word>> = {}) =>
  written<Word>(`one of ${words.join(', ')}`, (text) => {
    const word = text.toLowerCase()
    return words.find((each) => each === word) ?? (Object.hasOwn(others, word) ? others[word] : undefined)
  })

/** A comma list of tickers, each once, in the order written. */
export const tickers: z.ZodType<readonly string[], string> = written(
  `tickers with commas between them, each at most ${TICKER_LENGTH_MAX} printable characters without quotes or spaces`,
  (text) => {
    const each = text.split(',').map((ticker) => ticker.trim())
    const named = [...new Set(each.filter((ticker) => ticker !== ''))]
    return named.length > 0 && named.every(isTicker) ? named : undefined
  },
)

/** A name of a file or folder; `~/` is the caller's to expand. */
export const path: z.ZodType<string, string> = written('the name of a file or folder', (text) =>
  text.length <= 4096 && !/[\0\r\n]/.test(text) ? text : undefined,
)

const isTarget = (name: TargetName): boolean => {
  try {
    readTargetName(name)
    return true
  } catch {
    return false
  }
}

/** A folder, or a place in an S3-compatible store. */
export const archiveTarget: z.ZodType<string, string> = written('a folder, or s3://bucket/prefix', (text) =>
  text.length <= 4096 && isTarget({ to: text }) ? text : undefined,
)

export const endpoint: z.ZodType<string, string> = written('an address with http:// or https://', (text) =>
  text.length <= 4096 && isTarget({ to: '/', endpoint: text }) ? text : undefined,
)

export const PROFILE_NAME = /^[a-z0-9-]{1,32}$/

export const profileName: z.ZodType<string, string> = written(
  'a name of at most 32 of the characters a-z, 0-9 and -',
  (text) => (PROFILE_NAME.test(text) ? text : undefined),
)

/** Key ids of Kalshi are UUIDs; a simulated exchange takes any. It travels as an HTTP header, so no spaces and no line ends. */
export const keyId: z.ZodType<string, string> = written(
  'the id that Kalshi shows beside the API key, a UUID',
  (text) => (/^[!-~]{1,200}$/.test(text) && !text.includes('-----') ? text : undefined),
)

export const secretText: z.ZodType<Secret, string> = written('text', (text) => new Secret(text))

/** What a client shows to be let in. It travels as an HTTP header; one that is short can be found by trying. */
export const token: z.ZodType<Secret, string> = written(
  `from ${TOKEN_LENGTH_MIN} to ${TOKEN_LENGTH_MAX} letters, digits and - . _ ~ + / =`,
  (text) =>
    /^[\w.~+/=-]+$/.test(text) && text.length >= TOKEN_LENGTH_MIN && text.length <= TOKEN_LENGTH_MAX
      ? new Secret(text)
      : undefined,
)

/** A name or an address to listen on; an IPv6 address without brackets. */
export const listenHost: z.ZodType<string, string> = written(
  'a host name or an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::1',
  (text) => (isIP(text) !== 0 || /^(?!-)[a-z\d-]{1,63}(\.[a-z\d-]{1,63}){0,8}$/i.test(text) ? text : undefined),
)

/** A comma list of origins as browsers send them, each once. */
export const origins: z.ZodType<readonly string[], string> = written(
  'origins such as https://example.org or http://localhost:5173, with commas between them, no path and no *',
  (text) => {
    const each = text.split(',').map((origin) => origin.trim())
    const named = [...new Set(each.filter((origin) => origin !== ''))]
    const isOrigin = (origin: string) =>
      /^https?:\/\//.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin
    return named.length > 0 && named.every(isOrigin) ? named : undefined
  },
)

export const databaseUrl: z.ZodType<Secret, string> = written(
  'postgresql://user:password@host:5432/database, with special characters of the password percent-encoded (# as %23, / as %2F, @ as %40)',
  // Without a host it names the folder of a socket in its options, which the standard for URLs does not know.
  (text) =>
    /^postgres(ql)?:\/\//i.test(text) && URL.canParse(text.replace('@/', '@localhost/')) ? new Secret(text) : undefined,
)

/** An address of a service that whoever knows it may use: never shown. */
export const secretAddress = (protocols: readonly string[], example: string): z.ZodType<Secret, string> =>
  written(`an address such as ${example}`, (text) => {
    if (!URL.canParse(text) || /\s/.test(text)) return undefined
    const { protocol, hostname } = new URL(text)
    return protocols.includes(protocol) && hostname !== '' ? new Secret(text) : undefined
  })

const MAIL_ADDRESS = /^[^\s@<>,;"]{1,64}@[a-z\d-]{1,63}(\.[a-z\d-]{1,63}){0,8}$/i

export const mailAddress: z.ZodType<string, string> = written('a mail address such as flow@example.org', (text) =>
  MAIL_ADDRESS.test(text) ? text : undefined,
)

/** A comma list of mail addresses, each once. */
export const mailAddresses: z.ZodType<readonly string[], string> = written(
  'mail addresses such as on-call@example.org, with commas between them, at most 20',
  (text) => {
    const named = [...new Set(text.split(',').map((each) => each.trim()))].filter((each) => each !== '')
    return named.length > 0 && named.length <= 20 && named.every((each) => MAIL_ADDRESS.test(each)) ? named : undefined
  },
)

/** Changes of the alarms' times and limits; kept as they were written, and read where the alarms are. */
export const alertRules: z.ZodType<string, string> = z.string().transform((text, context) => {
  try {
    changeRules(text)
    return text
  } catch (error) {
    if (!(error instanceof RuleFault)) throw error
    context.addIssue({ code: 'custom', message: error.message.replace(/^found .*?, needed /, '') })
    return z.NEVER
  }
})

export type TimeOfDay = { readonly minutes: number; readonly zone: string }

/** A time of the day in UTC, or in a zone that is named. */
export const timeOfDay: z.ZodType<TimeOfDay, string> = written(
  'a time such as 07:00 (UTC) or 07:00 America/New_York',
  (text) => {
    const [, hours, minutes, zone = 'UTC'] = /^([01]\d|2[0-3]):([0-5]\d)(?: +(\S{1,64}))?$/.exec(text) ?? []
    if (hours === undefined || minutes === undefined) return undefined
    try {
      new Intl.DateTimeFormat('en-US', { timeZone: zone })
    } catch {
      return undefined
    }
    return { minutes: Number(hours) * 60 + Number(minutes), zone }
  },
)

/** An address without user, query and fragment, and with a path. A slash at its end is dropped. */
export const address = (protocols: readonly string[], example: string): z.ZodType<URL, string> =>
  written(`an address such as ${example}, without user, query and #`, (text) => {
    if (!URL.canParse(text)) return undefined
    const url = new URL(text)
    url.pathname = url.pathname.replace(/\/+$/, '')
    const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
    return plain && url.hostname !== '' && url.pathname !== '/' && protocols.includes(url.protocol) ? url : undefined
  })
