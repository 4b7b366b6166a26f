/** The service's OpenAPI document as tests use it: which routes there are, what they take, and whether an answer is one of theirs. */
import { Compile } from 'typebox/compile'
import type { Answer } from './service.ts'

export type JsonSchema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}
type Content = { readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }
export type Parameter = {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: JsonSchema
}
export type Operation = {
  readonly method: string
  readonly path: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>
  readonly security?: readonly object[]
}

export type Document = {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'path' | 'method'>>>>>
}

export const operationsOf = ({ paths }: Document): Operation[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  )

/** Says what is wrong with an answer that the document does not allow; `undefined` when nothing is. */
export class AnswerCheck {
  readonly #compiled = new Map<string, ReturnType<typeof Compile>>()
  readonly #operations: readonly Operation[]

  constructor(document: Document) {
    this.#operations = operationsOf(document)
  }

  fault(method: string, path: string, answer: Answer): string | undefined {
    const operation = this.#operations.find((each) => each.method === method && each.path === path)
    if (operation === undefined) return `${method} ${path} is not in the document`
    const declared = operation.responses[String(answer.status)]
    const where = `${method} ${path} ${answer.status}`
    if (declared === undefined) return `${where} is not declared: ${answer.text.slice(0, 200)}`
    const schema = declared.content?.['application/json']?.schema
    if (schema === undefined) return undefined
    const key = `${method} ${path} ${answer.status}`
    const compiled = this.#compiled.get(key) ?? Compile(schema as never)
    this.#compiled.set(key, compiled)
    if (compiled.Check(answer.body)) return undefined
    return `${where}: ${JSON.stringify(compiled.Errors(answer.body)).slice(0, 400)} in ${answer.text.slice(0, 200)}`
  }
}
