/**
 * The contract of a foreign service, written from its OpenAPI 3.1 document as one TypeScript module.
 *
 * Intuition: what a stranger promises becomes what we check. A document says more than a contract can
 * hold, so what was left out is said, by name and with the reason, and nothing is believed in vain.
 *
 * Invariants:
 *   O1. Each operation of the document is in the text, or in `leftOut` with a reason.
 *   O2. A command is repeatable only if HTTP says so (PUT, DELETE: RFC 9110, 9.2.2) or it takes an
 *       `Idempotency-Key`.
 *   O3. The same document gives the same text.
 */
import { isObject, type JsonObject } from './json-schema.ts'
import { field, objectText, quoted, requiredIn, resolved, zodText } from './zod-text.ts'

/** The module, and what is not in it. */
export interface ForeignContract {
  readonly text: string
  readonly leftOut: readonly string[]
}

/** Documents with more are cut: somebody has to read the contract. */
const OPERATIONS_MAX = 500

/**
 * The contract `name` of what an OpenAPI document describes, or what is wrong with the document.
 *
 * @example
 * const { text } = foreignContractOf(JSON.parse(json), 'parcels')
 */
export function foreignContractOf(document: unknown, name: string): ForeignContract | string {
  if (!isObject(document)) return 'it is no JSON object'
  const { openapi, paths } = document
  if (typeof openapi !== 'string' || !openapi.startsWith('3.1'))
    return `it is of version ${JSON.stringify(openapi ?? document['swagger'])}, and 3.1 is read`
  if (!isObject(paths)) return 'it has no paths'
  const leftOut: string[] = []
  const taken = new Set<string>()
  const asked = Object.entries(paths).flatMap(([path, item]) => operationsAt(path, item))
  const written = asked.slice(0, OPERATIONS_MAX).flatMap((each) => {
    const made = operationOf(document, each, taken)
    leftOut.push(...made.unsaid.map((why) => `${each.method.toUpperCase()} ${each.path}: ${why}`))
    return made.text === undefined ? [] : [made.text]
  })
  for (const { method, path } of asked.slice(OPERATIONS_MAX))
    leftOut.push(`${method.toUpperCase()} ${path}: only ${OPERATIONS_MAX} operations are read`)
  const title = isObject(document['info']) ? document['info']['title'] : undefined
  return { text: moduleText(name, typeof title === 'string' ? title : name, written), leftOut }
}

interface At {
  readonly path: string
  readonly method: string
  readonly operation: JsonObject
  /** Parameters of the path, for all its methods. */
  readonly shared: readonly unknown[]
}

const METHODS = ['get', 'post', 'put', 'delete', 'patch', 'head', 'options', 'trace'] as const

function operationsAt(path: string, item: unknown): readonly At[] {
  if (!isObject(item)) return []
  const shared = listIn(item['parameters'])
  return METHODS.flatMap((method) => {
    const operation = item[method]
    return isObject(operation) ? [{ path, method, operation, shared }] : []
  })
}

interface Made {
  readonly text: string | undefined
  readonly unsaid: readonly string[]
}

function operationOf(document: JsonObject, at: At, taken: Set<string>): Made {
  const { method, path, operation, shared } = at
  if (!['get', 'post', 'put', 'delete'].includes(method))
    return { text: undefined, unsaid: ['left out: a contract has no route of this method'] }
  const parameters = [...shared, ...listIn(operation['parameters'])].map((each) =>
    resolved(document, each),
  )
  const sent = inputOf(document, at, parameters.filter(isObject))
  if (typeof sent === 'string') return { text: undefined, unsaid: [`left out: ${sent}`] }
  const answer = answerOf(document, operation)
  if (typeof answer === 'string') return { text: undefined, unsaid: [`left out: ${answer}`] }
  const name = nameOf(at, taken)
  const kind = method === 'get' ? 'query' : 'command'
  const isRepeatable = method === 'put' || method === 'delete' || sent.hasKey
  const route = `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
  const output = answer.text ?? (kind === 'query' ? 'z.unknown()' : undefined)
  const lines = [
    `  ${name}: ${kind}({`,
    `    input: ${sent.text},`,
    ...(output === undefined ? [] : [`    output: ${output},`]),
    ...(kind === 'command' && isRepeatable ? [`    key: 'from-caller',`] : []),
    `    http: { route: ${quoted(route)} },`,
    '  }),',
  ]
  const text = [...describedBy(operation), ...lines].join('\n')
  return { text, unsaid: [...sent.unsaid, ...answer.unsaid.map(unchecked)] }
}

interface Sent {
  readonly text: string
  readonly hasKey: boolean
  readonly unsaid: readonly string[]
}

/** The input: what stands in the path, then in the query or the body; or why it cannot be sent. */
function inputOf(
  document: JsonObject,
  { method, path, operation }: At,
  parameters: readonly JsonObject[],
): Sent | string {
  const fields = new Map<string, string>()
  const unsaid: string[] = []
  const take = (name: string, shape: unknown, isRequired: boolean): void => {
    const { text, unsaid: more } = zodText(document, shape, name)
    // What stands in the path is not sent a second time.
    if (!fields.has(name)) fields.set(name, field(name, text, isRequired))
    unsaid.push(...more.map(unchecked))
  }
  const named = new Set([...path.matchAll(/\{(\w+)\}/g)].map(([, each]) => each))
  if (/[{}]/.test(path.replaceAll(/\{\w+\}/g, ''))) return `its path '${path}' has other parameters`
  let hasKey = false
  for (const { name, in: place, schema, required } of parameters) {
    const header = place === 'header' ? String(name).toLowerCase() : ''
    hasKey ||= header === 'idempotency-key'
    if (header === 'idempotency-key' || header.startsWith('holdfast-')) continue
    const isInPath = place === 'path' && named.delete(String(name))
    const isInQuery = place === 'query' && (method === 'get' || method === 'delete')
    if ((isInPath || isInQuery) && isScalar(document, schema))
      take(String(name), schema, isInPath || required === true)
    else if (required === true) return `it asks for '${String(name)}' in the ${String(place)}`
    else unsaid.push(`'${String(name)}' in the ${String(place)} is never sent`)
  }
  if (named.size > 0) return `its path has '${[...named].join("', '")}', which it does not describe`
  const body = bodyOf(document, operation)
  if (typeof body === 'string') return body
  if (body !== undefined && (method === 'get' || method === 'delete'))
    return `a ${method.toUpperCase()} with a body cannot be sent`
  for (const [name, shape] of Object.entries(body?.properties ?? {}))
    take(name, shape, body?.required.includes(name) === true)
  return { text: objectText([...fields.values()]), hasKey, unsaid }
}

function unchecked(what: string): string {
  return `not checked: ${what}`
}

/** True for what can stand in a path or a query as one word. */
function isScalar(document: JsonObject, schema: unknown): boolean {
  const shape = resolved(document, schema)
  const type = isObject(shape) ? shape['type'] : undefined
  return type === 'string' || type === 'integer' || type === 'number' || type === 'boolean'
}

interface Body {
  readonly properties: JsonObject
  readonly required: readonly string[]
}

function bodyOf(document: JsonObject, operation: JsonObject): Body | string | undefined {
  const body = resolved(document, operation['requestBody'])
  if (!isObject(body)) return undefined
  const shape = resolved(document, jsonSchemaIn(body))
  if (!isObject(shape)) return 'its body is no JSON that is described'
  const { properties } = shape
  if (shape['type'] !== 'object' || !isObject(properties))
    return 'its body is no object with fields of its own'
  return { properties, required: requiredIn(shape) }
}

/** What a success says; without a text if it says nothing. */
function answerOf(
  document: JsonObject,
  operation: JsonObject,
): { readonly text?: string; readonly unsaid: readonly string[] } | string {
  const responses = isObject(operation['responses']) ? operation['responses'] : {}
  const good = Object.keys(responses).filter((status) => /^2(\d\d|XX)$/.test(status))
  if (good.length === 0) return 'it describes no success'
  const shapes = good.map((status) => jsonSchemaIn(resolved(document, responses[status])))
  const described = shapes.filter((each) => each !== undefined)
  if (described.length === 0) return { unsaid: [] }
  const written = described.map((each) => zodText(document, each, 'answer'))
  const texts = [...new Set(written.map(({ text }) => text))]
  if (described.length < shapes.length) texts.push('z.undefined()')
  const [only = ''] = texts
  return {
    text: texts.length === 1 ? only : `z.union([${texts.join(', ')}])`,
    unsaid: written.flatMap(({ unsaid }) => unsaid),
  }
}

/** The schema of the JSON in a body or an answer. */
function jsonSchemaIn(found: unknown): unknown {
  const content = isObject(found) && isObject(found['content']) ? found['content'] : {}
  const [, media] =
    Object.entries(content).find(([type]) => /^application\/json\b/.test(type)) ?? []
  return isObject(media) ? media['schema'] : undefined
}

/** The `operationId` as a name, or one made of method and path; no name is given twice. */
function nameOf({ method, path, operation }: At, taken: Set<string>): string {
  const said = typeof operation['operationId'] === 'string' ? operation['operationId'] : undefined
  const words = (said ?? `${method} ${path}`).split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words.map((word, index) => (index === 0 ? lowered(word) : raised(word))).join('')
  const name = /^[a-z]/.test(joined) ? joined : `${method}${raised(joined)}`
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? name : `${name}${count}`
    if (taken.has(candidate)) continue
    taken.add(candidate)
    return candidate
  }
}

function lowered(word: string): string {
  return word.charAt(0).toLowerCase() + word.slice(1)
}

function raised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function describedBy({ summary, description }: JsonObject): readonly string[] {
  const told = typeof summary === 'string' ? summary : description
  if (typeof told !== 'string' || told.trim() === '') return []
  // One line, which no text of a stranger can end: neither the comment nor the line.
  const line = told
    .replaceAll(/[^\P{C}]/gu, ' ')
    .replaceAll('*/', '* /')
    .trim()
    .slice(0, 90)
  return [`  /** ${line} */`]
}

function moduleText(name: string, title: string, operations: readonly string[]): string {
  const body = operations.join('\n')
  const makers = ['command', 'query'].filter((maker) => body.includes(`: ${maker}({`))
  const [told = `  /** ${name} */`] = describedBy({ summary: title })
  return [
    '/**',
    ` * What ${told.slice(6, -3)} promises. Written by \`holdfast import openapi\`: write it again, do not edit it.`,
    ' */',
    `import { ${[...makers, 'contract'].toSorted().join(', ')} } from 'holdfast'`,
    `import { z } from 'zod'`,
    '',
    `export const ${name} = contract('${name}', {`,
    ...(body === '' ? [] : [body]),
    '})',
    '',
  ].join('\n')
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
