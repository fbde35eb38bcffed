/**
 * A typed client of one contract, as one TypeScript file over `fetch`: for browsers, and for whoever
 * has no Holdfast.
 *
 * Promise: each public operation is a function with the types of the contract, a deadline, one key for
 * all its attempts, and the four outcomes. The file imports nothing.
 *
 * Invariants:
 *   L1. Only operations with an `http` route are in it: the others are not reachable from outside.
 *   L2. A command without a key is sent once.
 *   L3. Types come from the schemas; a shape that its library cannot write is `unknown`, not guessed.
 */
import type { Contract, Schema } from '#model'
import { clientRuntime } from './client-runtime.ts'
import { jsonSchemaOf, type Side } from './json-schema.ts'
import { addressOf, type Asked } from './openapi.ts'
import { typeText } from './typescript.ts'

/**
 * The client of a contract, as text.
 *
 * @example
 * const text = clientOf(orders)
 */
export function clientOf(contract: Contract): string {
  const { name, operations } = contract['~contract']
  const asked = Object.values(operations).filter(
    (each): each is Asked => each.kind !== 'event' && each.http !== undefined,
  )
  const title = capital(name)
  return [
    heading(name),
    ...asked.flatMap(typesOf),
    `/** What ${name} promises to whoever is outside. */`,
    `export interface ${title}Client {`,
    ...asked.flatMap(methodOf),
    '}',
    '',
    `/** A client of ${name}. */`,
    `export function ${name}Client(options: ClientOptions): ${title}Client {`,
    '  return {',
    ...asked.flatMap(callOf),
    '  }',
    '}',
    '',
    clientRuntime,
  ].join('\n')
}

function heading(name: string): string {
  return [
    '/**',
    ` * A client of ${name}. Written by \`holdfast export client ${name}\`: write it again, do not edit it.`,
    ' *',
    ' * Every call ends in one of four outcomes. `unknown` means that it may have happened: ask again with',
    ' * the `key` of the outcome, and it happens once. Answers are typed, and not checked once more here.',
    ' */',
    '',
  ].join('\n')
}

function typesOf(asked: Asked): readonly string[] {
  const title = capital(asked.name)
  const refusals = Object.entries(asked.refuses).map(
    ([code, shape]) =>
      `{ readonly code: ${JSON.stringify(code)}; readonly data: ${typeOf(shape, 'output')} }`,
  )
  return [
    `export type ${title}Input = ${typeOf(asked.input, 'input')}`,
    `export type ${title}Answer = ${typeOf(asked.output, 'output')}`,
    `export type ${title}Refusal = ${refusals.join(' | ') || 'never'}`,
    '',
  ]
}

function typeOf(schema: Schema, side: Side): string {
  const shape = jsonSchemaOf(schema, side)
  return shape === undefined ? 'unknown' : typeText(shape)
}

function methodOf(asked: Asked): readonly string[] {
  const { name, kind, http } = asked
  const title = capital(name)
  // A route such as `/files/*/parts` would end the comment.
  const route = http?.route.replaceAll('*/', String.raw`*\/`)
  const options = keyFrom(asked) === 'caller' ? 'KeyedCallOptions' : 'CallOptions'
  return [
    `  /** \`${route}\`: ${kind === 'query' ? 'reads only' : effect(asked)}. */`,
    `  ${name}(input: ${title}Input, options?: ${options}): Promise<Outcome<${title}Answer, ${title}Refusal>>`,
  ]
}

function effect(asked: Asked): string {
  const from = keyFrom(asked)
  if (from === 'nobody') return 'sent once, because it has no key'
  const key = from === 'caller' ? '`key`' : 'key of the input'
  return `effect once per ${key}, while the key is kept`
}

function callOf(asked: Asked): readonly string[] {
  const { method, path } = addressOf(asked)
  const isRepeatable = asked.kind === 'query' || asked.keyed
  const isKeyed = keyFrom(asked) === 'caller'
  const operation = [
    `method: '${method.toUpperCase()}'`,
    `path: ${JSON.stringify(path)}`,
    `isRepeatable: ${isRepeatable}`,
    `isKeyed: ${isKeyed}`,
  ]
  return [
    `    ${asked.name}: (input, call) =>`,
    `      ask(options, { ${operation.join(', ')} }, input, call),`,
  ]
}

function keyFrom(asked: Asked): 'caller' | 'input' | 'nobody' {
  if (asked.kind === 'query' || asked.key === undefined) return 'nobody'
  return asked.key === 'from-caller' ? 'caller' : 'input'
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}
