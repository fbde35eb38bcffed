/**
 * The contracts of a system as OpenAPI 3.1: what can be asked for, and how it behaves.
 *
 * Promise: every operation of every own service is in it once: at its public route, or at the default
 * one, `POST /contract/operation`, which only services use. If two services declare one route, the first
 * has it, as at the gateway. Foreign contracts are left to their owners.
 *
 * What OpenAPI has no word for stands in `x-holdfast-…`: the kind, the key rule, the effect, whether it
 * may be repeated, how long one may wait, and by whom it is called with which deadline and attempts.
 *
 * @see https://spec.openapis.org/oas/v3.1.1
 */
import type { Operation, System } from '#model'
import { type CallArrow, graphOf } from './graph.ts'
import { DIALECT, embeddedShape, isObject, type JsonObject } from './json-schema.ts'
import { keyName } from './key-name.ts'
import { failureShape, refusalShape } from './problem-shape.ts'
import { ENTRY_MS_DEFAULT, ENTRY_MS_MAX } from './policy.ts'

/** An operation that can be asked for. */
export type Asked = Extract<Operation, { readonly kind: 'command' | 'query' }>

/**
 * The OpenAPI document of a system.
 *
 * @example
 * const document = openApiOf(market)
 */
export function openApiOf(system: System): JsonObject {
  const { calls } = graphOf(system)
  const paths: Record<string, JsonObject> = {}
  for (const { contract } of system.services) {
    for (const each of Object.values(contract['~contract'].operations)) {
      if (each.kind === 'event') continue
      const { method, path } = addressOf(each)
      const callers = calls.filter(
        ({ target, operation }) => target === each.contract && operation === each.name,
      )
      paths[path] = { [method]: operationOf(each, callers), ...paths[path] }
    }
  }
  return {
    openapi: '3.1.1',
    // Contracts are compared with `holdfast contracts --diff`; they carry no version of their own.
    info: { title: system.name, version: 'unversioned' },
    jsonSchemaDialect: DIALECT,
    tags: system.services.map(({ name }) => ({ name })),
    paths,
    components: {
      schemas: { failure: failureShape },
      parameters: { deadline, key },
      responses: {
        failure: {
          description: 'A failure. `effect` says whether the service may have acted.',
          content: problem(failure),
        },
      },
    },
  }
}

const failure = { $ref: '#/components/schemas/failure' }

const deadline = {
  name: 'holdfast-deadline-ms',
  in: 'header',
  description: 'How long the caller waits. Nobody works on the request any longer than this.',
  schema: { type: 'integer', minimum: 1, maximum: ENTRY_MS_MAX, default: ENTRY_MS_DEFAULT },
}

const key = {
  name: 'idempotency-key',
  in: 'header',
  required: true,
  description: 'Names the intent: the same key, the same effect, the same answer. Quoted or bare.',
  schema: { type: 'string', minLength: 1, maxLength: 257 },
}

/** Where an operation is asked for: `/orders/{orderId}` and the names of its parameters. */
export interface RouteAddress {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  readonly path: string
  readonly parameters: readonly string[]
}

/** The public address of an operation, or the one that only services use. */
export function addressOf({ contract, name, http }: Asked): RouteAddress {
  const route = http?.route ?? `POST /${contract}/${name}`
  const [verb = '', pattern = ''] = route.split(' ', 2)
  const path = pattern.replaceAll(/:(\w+)/g, '{$1}')
  const parameters = [...pattern.matchAll(/:(\w+)/g)].map(([, each = '']) => each)
  return { method: methods[verb] ?? 'post', path, parameters }
}

const methods: Readonly<Record<string, RouteAddress['method']>> = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  DELETE: 'delete',
}

function operationOf(asked: Asked, callers: readonly CallArrow[]): JsonObject {
  const name = `${asked.contract}.${asked.name}`
  const { method, parameters } = addressOf(asked)
  const input = embeddedShape(asked.input, 'input', { name: `${name}:input` })
  const { inPath, rest } = splitShape(input, parameters)
  const hasBody = method !== 'get'
  return {
    operationId: name,
    tags: [asked.contract],
    parameters: [
      ...inPath.map((each) => ({ ...each, in: 'path', required: true })),
      ...(hasBody ? [] : queryParameters(rest)),
      { $ref: '#/components/parameters/deadline' },
      ...(isFromCaller(asked) ? [{ $ref: '#/components/parameters/key' }] : []),
    ],
    ...(hasBody && rest['type'] !== 'null'
      ? { requestBody: { required: true, content: { 'application/json': { schema: rest } } } }
      : {}),
    responses: responsesOf(asked, name),
    ...behaviourOf(asked, callers),
  }
}

/** The fields that stand in the path, and the shape of what is left for the query or the body. */
function splitShape(
  shape: JsonObject,
  parameters: readonly string[],
): { readonly inPath: readonly JsonObject[]; readonly rest: JsonObject } {
  const { properties, required, ...others } = shape
  const fields = isObject(properties) ? properties : {}
  const inPath = parameters.map((name) => ({ name, schema: fields[name] ?? { type: 'string' } }))
  if (parameters.length === 0 || !isObject(properties)) return { inPath, rest: shape }
  const left = Object.entries(fields).filter(([name]) => !parameters.includes(name))
  const needed = requiredIn(required).filter((name) => !parameters.includes(name))
  const rest = { ...others, properties: Object.fromEntries(left), required: needed }
  return { inPath, rest }
}

function queryParameters({ properties, required }: JsonObject): readonly JsonObject[] {
  const needed = requiredIn(required)
  return Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: needed.includes(name),
    schema,
  }))
}

function requiredIn(required: unknown): readonly string[] {
  return Array.isArray(required) ? required.map(String) : []
}

function responsesOf(asked: Asked, name: string): JsonObject {
  const refusals = Object.entries(asked.refuses).map(([code, shape]) =>
    refusalShape(name, code, embeddedShape(shape, 'output', { name: `${name}:${code}` })),
  )
  const isReplayable = asked.kind === 'command' && asked.keyed
  return {
    [asked.http?.status ?? 200]: {
      description: 'Done.',
      ...(isReplayable ? { headers: { 'idempotency-replayed': replayed } } : {}),
      content: {
        'application/json': {
          schema: embeddedShape(asked.output, 'output', { name: `${name}:output` }),
        },
      },
    },
    ...(refusals.length === 0
      ? {}
      : {
          422: {
            description: `Refused, finally: ${Object.keys(asked.refuses).join(', ')}; or a failure.`,
            content: problem({ oneOf: [...refusals, failure] }),
          },
        }),
    default: { $ref: '#/components/responses/failure' },
  }
}

const replayed = {
  description: 'There and `true` if the answer was given before, to the same key.',
  schema: { const: 'true' },
}

function problem(schema: JsonObject): JsonObject {
  return { 'application/problem+json': { schema } }
}

function isFromCaller(asked: Asked): boolean {
  return asked.kind === 'command' && asked.key === 'from-caller'
}

/** What OpenAPI has no word for. */
function behaviourOf(asked: Asked, callers: readonly CallArrow[]): JsonObject {
  return {
    'x-holdfast-kind': asked.kind,
    'x-holdfast-public': asked.http !== undefined,
    'x-holdfast-effect': effectOf(asked),
    'x-holdfast-key': keyRuleOf(asked),
    'x-holdfast-repeatable': asked.kind === 'query' || asked.keyed,
    ...(asked.kind === 'query' ? { 'x-holdfast-freshness': asked.freshness } : {}),
    'x-holdfast-deadline': { defaultMs: ENTRY_MS_DEFAULT, maxMs: ENTRY_MS_MAX },
    'x-holdfast-refusals': Object.keys(asked.refuses),
    'x-holdfast-callers': callers.map(({ source, policy }) => ({
      service: source,
      deadlineMs: policy.deadlineMs,
      attemptsMax: policy.attemptsMax,
      fallback: policy.hasFallback,
    })),
  }
}

function effectOf(asked: Asked): string {
  if (asked.kind === 'query') return 'none: it only reads'
  return asked.keyed
    ? 'one transaction; once per key, while the key is kept'
    : 'one transaction for each request; not safe to repeat'
}

function keyRuleOf(asked: Asked): JsonObject {
  if (asked.kind === 'query' || asked.key === undefined) return { from: 'none' }
  if (asked.key === 'from-caller') return { from: 'header', header: key.name }
  return { from: 'input', field: keyName(asked.key) }
}
