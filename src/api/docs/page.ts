/** The OpenAPI document as a page for people: made once, without scripts, with nothing loaded from anywhere. */

type Schema = {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly required?: readonly string[]
}
type Content = { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
type Operation = {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly required?: boolean
    readonly description?: string
    readonly schema?: Schema
  }[]
  readonly requestBody?: Content
  readonly responses?: Readonly<Record<string, { readonly description?: string } & Content>>
}
export type OpenApiDocument = {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly tags?: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2328;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:2.2rem 0 .3rem;border-bottom:1px solid #d5dbe0}h3{font-size:1rem;margin:1.6rem 0 .2rem}
code{font:.92em ui-monospace,monospace;background:#f2f4f6;padding:.1em .3em;border-radius:3px}
table{border-collapse:collapse;width:100%;margin:.4rem 0}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #edf0f2}
th{font-weight:600;color:#55606a}a{color:#0b5cad}details{margin:.3rem 0}summary{cursor:pointer}
@media (prefers-color-scheme:dark){body{color:#dde3e8;background:#15191c}code{background:#23292e}h2{border-color:#39424a}td,th{border-color:#262d33}th{color:#9aa6b0}a{color:#79b8ff}}`

const escaped = (text: unknown): string => String(text).replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
/** Text in which backticks mark code. */
const prose = (text = ''): string => escaped(text).replace(/`([^`]*)`/g, '<code>$1</code>')
const code = (text: unknown): string => `<code>${escaped(text)}</code>`

/** Schemas nest a few levels; deeper is not shown. */
const DEPTH_MAX = 6

export function renderPage(document: OpenApiDocument): string {
  const { title, version, description = '' } = document.info
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const sections = (document.tags ?? []).map(({ name, description: about }) => {
    const those = operations.filter(({ operation }) => operation.tags?.includes(name) === true)
    return `<h2>${escaped(name)}</h2><p>${prose(about)}</p>${those.map(renderOperation).join('')}`
  })
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)} API</title><style>${STYLE}</style></head><body><h1>${escaped(title)} ${escaped(version)}</h1>${description
    .split('\n\n')
    .map((each) => `<p>${prose(each)}</p>`)
    .join('')}<p><a href="/rl/docs/openapi.json">openapi.json</a></p>${sections.join('')}</body></html>`
}

function renderOperation({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const { summary, description, parameters = [], requestBody, responses = {} } = operation
  const head = `<h3>${code(`${method.toUpperCase()} ${path}`)} ${prose(summary)}</h3>`
  const about = description === undefined ? '' : `<p>${prose(description)}</p>`
  const inputs = parameters.map(
    ({ name, required, description: words, schema }) =>
      `<tr><td>${code(name)}${required === true ? '' : ' <small>optional</small>'}</td><td>${escaped(typeOf(schema))}</td><td>${prose(words ?? schema?.description)}</td></tr>`,
  )
  const query = inputs.length === 0 ? '' : `<table><tr><th>query</th><th></th><th></th></tr>${inputs.join('')}</table>`
  const body = requestBody === undefined ? '' : renderFields('body', schemaOf(requestBody))
  const answers = Object.entries(responses).map(([status, answer]) => {
    const words = `${code(status)} ${prose(answer.description)}`
    const fields = Number(status) < 300 ? renderFields('answer', schemaOf(answer)) : ''
    return fields === '' ? `<div>${words}</div>` : `<details><summary>${words}</summary>${fields}</details>`
  })
  return head + about + query + body + answers.join('')
}

const schemaOf = ({ content = {} }: Content): Schema | undefined => Object.values(content)[0]?.schema

function renderFields(title: string, schema: Schema | undefined): string {
  const rows = [...fieldsOf(schema, '', 0)].map(
    ([name, each]) =>
      `<tr><td>${code(name)}</td><td>${escaped(typeOf(each))}</td><td>${prose(each.description)}</td></tr>`,
  )
  return rows.length === 0 ? '' : `<table><tr><th>${title}</th><th></th><th></th></tr>${rows.join('')}</table>`
}

/** Every field with its path, `[]` for items of a list and `*` for any name. */
function* fieldsOf(schema: Schema | undefined, path: string, depth: number): Generator<[string, Schema]> {
  if (schema === undefined || depth > DEPTH_MAX) return
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`
    yield [at, each]
    yield* fieldsOf(each, at, depth + 1)
  }
  for (const each of schema.anyOf ?? []) yield* fieldsOf(each, path, depth + 1)
  if (schema.items !== undefined) yield* fieldsOf(schema.items, `${path}[]`, depth + 1)
  if (typeof schema.additionalProperties === 'object')
    yield* fieldsOf(schema.additionalProperties, `${path}.*`, depth + 1)
}

function typeOf(schema: Schema | undefined): string {
  if (schema === undefined) return ''
  if (schema.enum !== undefined) return schema.enum.join(' · ')
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  return [schema.type ?? ''].flat().join(' or ')
}
