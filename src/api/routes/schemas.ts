/** The shapes of requests and answers, as TypeBox writes JSON Schema: the OpenAPI document is made from them. */
import { type TProperties, type TSchema, Type } from 'typebox'
import { FAULTS } from '../server/api-fault.ts'

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** Characters of `isTicker`, which tests hold equal. */
export const TICKER_PATTERN = '^[!#-+\\--[\\]-~]{1,128}$'
export const ticker = (description: string) =>
  Type.String({ pattern: TICKER_PATTERN, minLength: 1, maxLength: 128, description })

export const dollars = (description: string) => Type.String({ description: `${description} Dollars, four decimals.` })
export const contracts = (description: string) =>
  Type.String({ description: `${description} Contracts, two decimals.` })
export const time = (description: string) => Type.String({ format: 'date-time', description })
export const position = (description: string) =>
  Type.String({ pattern: '^\\d+:\\d+$', description: `${description} Segment and offset in the journal.` })
export const count = (description: string) => Type.Integer({ minimum: 0, description })
export const milliseconds = (description: string) =>
  Type.Number({ minimum: 0, description: `${description} Milliseconds.` })

/** An object that has these and nothing else. */
export const strict = <Properties extends TProperties>(properties: Properties, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) })

export const faultSchema = strict(
  {
    error: strict({
      code: Type.Enum(Object.keys(FAULTS) as (keyof typeof FAULTS)[], { description: 'Stable.' }),
      message: Type.String({ description: 'For people: found, needed, to do.' }),
      field: Type.Optional(Type.String({ description: 'What is at fault.' })),
      near: Type.Optional(Type.Array(Type.String(), { description: 'What may have been meant.' })),
    }),
  },
  'Whatever goes wrong.',
)

const WORDS: Readonly<Record<number, string>> = {
  400: 'A parameter or the body is not what is needed: `field` says which.',
  401: 'No token, or another one.',
  403: 'Not allowed.',
  404: 'Not there; `near` has names like it.',
  409: 'The recorder refused.',
  413: 'The body is too large.',
  414: 'The address is too long.',
  415: 'The body is not JSON.',
  421: 'The Host header names another machine.',
  426: 'It is a WebSocket, and this was none.',
  429: 'Too many requests: Retry-After says how long to wait.',
  503: 'Not now.',
}

/** Answers that any route may give, and those that this one may. */
export function faults(...statuses: readonly (keyof typeof WORDS)[]): Record<number, TSchema> {
  const all = [400, 401, 414, 421, 429, ...statuses] as number[]
  return Object.fromEntries(all.map((status) => [status, { ...faultSchema, description: WORDS[status] } as TSchema]))
}

export const pageQuery = (pageMax: number, pageDefault: number) => ({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: pageMax, default: pageDefault, description: 'Items on the page.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]{1,600}$',
      description: '`next_cursor` of the page before, with the other parameters unchanged.',
    }),
  ),
})
export const nextCursor = nullable(Type.String({ description: 'Of the next page; null on the last.' }))
