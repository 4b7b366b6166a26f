/**
 * Checks what a client sent against its schema and says what is wrong with it: the field, what is needed, and the name that
 * was probably meant. A query is text, so whole numbers and truth values are read from it, in plain decimals alone:
 * `1e3`, `0x10` and `5.5` are no numbers of items.
 */
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { ApiFault } from './api-fault.ts'
import { nearNames } from './near-names.ts'

type Property = { readonly type?: string; readonly maxItems?: number }
type ObjectSchema = TSchema & { readonly properties?: Readonly<Record<string, Property>> }
type Issue = {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string
  readonly params: Readonly<Record<string, unknown>>
}

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema)
  const { properties = {} } = schema as ObjectSchema
  return (value: unknown) => {
    const read = httpPart === 'querystring' ? readQuery(value as Record<string, unknown>, properties) : (value ?? {})
    if (compiled.Check(read)) return { value: read }
    const issues = compiled.Errors(read) as unknown as readonly Issue[]
    return { error: faultOf(issues, Object.keys(properties), httpPart === 'body' ? 'the body' : 'the query') }
  }
}

function readQuery(query: Record<string, unknown>, properties: Readonly<Record<string, Property>>): unknown {
  // Without a prototype: `__proto__` is a name like any other then, and as unknown.
  const read: Record<string, unknown> = Object.create(null)
  for (const [name, text] of Object.entries(query)) {
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined
    if (type === 'integer' && typeof text === 'string' && /^\d{1,15}$/.test(text)) read[name] = Number(text)
    else if (type === 'boolean' && (text === 'true' || text === 'false')) read[name] = text === 'true'
    else if (type === 'array') read[name] = listOf(text)
    else read[name] = text
  }
  return read
}

/** A parameter repeated, with commas, or both: one list, without empty ones and each once. */
function listOf(value: unknown): unknown {
  const texts = Array.isArray(value) ? value : [value]
  if (!texts.every((each) => typeof each === 'string')) return value
  return [...new Set(texts.flatMap((each) => each.split(',')).filter((each) => each !== ''))]
}

function faultOf(issues: readonly Issue[], names: readonly string[], where: string): ApiFault {
  const unknown = issues.find(({ keyword }) => keyword === 'additionalProperties')
  if (unknown !== undefined) {
    const [name = ''] = (unknown.params['additionalProperties'] as string[] | undefined) ?? []
    const known = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`
    return new ApiFault('FLOW_API_BAD_REQUEST', `${where} has a name that is not known here; ${known}`, {
      field: name.slice(0, 64),
      near: nearNames(name, names, 3),
    })
  }
  const missing = issues.find(({ keyword }) => keyword === 'required')
  if (missing !== undefined) {
    const [name = ''] = (missing.params['requiredProperties'] as string[] | undefined) ?? []
    return new ApiFault('FLOW_API_BAD_REQUEST', `${where} needs ${name}`, { field: name })
  }
  const [issue] = issues
  const [field, ...rest] = (issue?.instancePath ?? '').split('/').slice(1)
  if (issue === undefined || field === undefined) {
    const words = issue === undefined ? 'is not what is needed' : wordsOf(issue)
    return new ApiFault('FLOW_API_BAD_REQUEST', `${where} ${words}`)
  }
  const path = [field, ...rest].join('.')
  return new ApiFault('FLOW_API_BAD_REQUEST', `${path} ${wordsOf(issue)}`, { field })
}

function wordsOf({ keyword, params, message }: Issue): string {
  switch (keyword) {
    case 'enum':
      return `must be one of ${(params['allowedValues'] as string[]).join(', ')}`
    case 'pattern':
      return 'has characters or a length that it cannot have'
    case 'minItems':
      return 'must name at least one'
    case 'maxItems':
      return `must name at most ${params['limit']}`
    case 'minimum':
    case 'maximum':
      return `must be ${params['comparison'] === '>=' ? 'at least' : 'at most'} ${params['limit']}`
    case 'type':
      return `must be ${article(String(params['type']))}`
    default:
      return message ?? 'is not what is needed'
  }
}

const article = (type: string): string =>
  type === 'integer'
    ? 'a whole number in plain decimals'
    : type === 'object'
      ? 'a JSON object'
      : type === 'boolean'
        ? 'true or false'
        : type === 'array'
          ? 'a list'
          : `a ${type}`
