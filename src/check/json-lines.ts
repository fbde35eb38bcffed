/**
 * Reads histories as JSON, one operation a line:
 *
 *     {"process":"a","call":0,"return":3,"input":{"f":"write","key":"x","value":1}}
 *     {"process":"b","call":1,"return":5,"input":{"f":"read","key":"x"},"output":1}
 *     {"process":"c","call":2,"input":{"f":"cas","key":"x","expected":1,"value":2}}
 *
 * `call` and `return` are numbers of one clock. Without `return`, or with `null`, the outcome is
 * unknown. `key` may be left out if there is one object. The operations decide the model:
 *   - `read`, `write`, `cas`: a register of texts, numbers, booleans or null; it begins with null,
 *     `read` gives what it holds as `output`, `cas` gives true or false;
 *   - `get`, `put`, `append`: a store of texts that begin with ''; here `key` is required.
 * An operation that certainly did not happen is left out. Lines may come in any order.
 */
import type { KvInput, KvOutput } from './kv.ts'
import { HISTORY_LENGTH_MAX, type History, historyInvalid, type Operation } from './history.ts'
import type { RegisterInput, RegisterOutput, Scalar } from './register.ts'

/** A history and the model that it is of. */
export type ModelledHistory =
  | { readonly model: 'register'; readonly history: History<RegisterInput, RegisterOutput> }
  | { readonly model: 'kv'; readonly history: History<KvInput, KvOutput> }

type Fields = Readonly<Record<string, unknown>>

/** The operations of a JSON history. @throws HF_HISTORY_INVALID naming the line, effect 'none'. */
export function readJsonLines(text: string): ModelledHistory {
  const registers: Operation<RegisterInput, RegisterOutput>[] = []
  const stores: Operation<KvInput, KvOutput>[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (index >= HISTORY_LENGTH_MAX)
      throw historyInvalid(`line ${index + 1} is over the limit of ${HISTORY_LENGTH_MAX} lines`)
    if (line.trim() === '') continue
    const reader = new LineReader(line, index + 1)
    const { model, operation } = reader.read()
    if (model === 'kv') stores.push(operation)
    else registers.push(operation)
    if (registers.length > 0 && stores.length > 0)
      throw reader.fault('one history mixes read, write, cas with get, put, append')
  }
  return stores.length > 0
    ? { model: 'kv', history: stores }
    : { model: 'register', history: registers }
}

type ModelledOperation =
  | { readonly model: 'register'; readonly operation: Operation<RegisterInput, RegisterOutput> }
  | { readonly model: 'kv'; readonly operation: Operation<KvInput, KvOutput> }

/** One line, field by field. */
class LineReader {
  readonly #number: number
  readonly #fields: Fields
  readonly #input: Fields

  constructor(line: string, number: number) {
    this.#number = number
    this.#fields = this.#object(parsed(line), 'the line')
    this.#input = this.#object(this.#fields['input'], 'input')
  }

  fault(what: string): Error {
    return historyInvalid(`line ${this.#number}: ${what}`)
  }

  read(): ModelledOperation {
    const when = { process: this.#process(), calledAt: this.#moment('call') }
    switch (this.#input['f']) {
      case 'read':
      case 'write':
      case 'cas': {
        const input = this.#registerInput(this.#input['f'])
        const output = this.#scalar(this.#fields, 'output')
        return { model: 'register', operation: { ...when, input, ...this.#answer(output) } }
      }
      case 'get':
      case 'put':
      case 'append': {
        const input = this.#kvInput(this.#input['f'])
        const isGot = input.f === 'get' && this.#isAnswered
        const output = isGot ? this.#text(this.#fields, 'output') : null
        return { model: 'kv', operation: { ...when, input, ...this.#answer(output) } }
      }
      default:
        throw this.fault('input.f is none of read, write, cas, get, put, append')
    }
  }

  #registerInput(f: RegisterInput['f']): RegisterInput {
    const key = this.#input['key'] === undefined ? {} : { key: this.#text(this.#input, 'key') }
    if (f === 'read') {
      if (this.#isAnswered && this.#fields['output'] === undefined)
        throw this.fault('a read that returned has no output; write null for nothing')
      return { f, ...key }
    }
    const value = this.#given('value')
    if (f === 'write') return { f, ...key, value }
    if (this.#isAnswered && typeof this.#fields['output'] !== 'boolean')
      throw this.fault('output of a cas is neither true nor false')
    return { f, ...key, expected: this.#given('expected'), value }
  }

  /** A field of the input that must be there, even if it is null. */
  #given(name: string): Scalar {
    if (this.#input[name] === undefined) throw this.fault(`input has no ${name}`)
    return this.#scalar(this.#input, name)
  }

  #kvInput(f: KvInput['f']): KvInput {
    const key = this.#text(this.#input, 'key')
    return f === 'get' ? { f, key } : { f, key, value: this.#text(this.#input, 'value') }
  }

  get #isAnswered(): boolean {
    return (this.#fields['return'] ?? null) !== null
  }

  #answer<Output>(output: Output): { readonly answer?: { at: number; output: Output } } {
    if (!this.#isAnswered) return {}
    const [call, at] = [this.#moment('call'), this.#moment('return')]
    if (at < call) throw this.fault(`returned at ${at}, before it was called at ${call}`)
    return { answer: { at, output } }
  }

  #process(): string {
    const process = this.#fields['process']
    if (typeof process === 'string' || typeof process === 'number') return String(process)
    throw this.fault('process is neither a text nor a number')
  }

  #moment(name: 'call' | 'return'): number {
    const value = this.#fields[name]
    if (typeof value === 'number') return value
    throw this.fault(`${name} is no number`)
  }

  #text(fields: Fields, name: string): string {
    const value = fields[name]
    if (typeof value === 'string') return value
    throw this.fault(`${name} is no text`)
  }

  #scalar(fields: Fields, name: string): Scalar {
    const value = fields[name] ?? null
    if (value === null) return null
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return value
    throw this.fault(`${name} is no text, number, boolean or null`)
  }

  #object(value: unknown, name: string): Fields {
    if (isFields(value)) return value
    throw this.fault(`${name} is no JSON object`)
  }
}

/** An object of JSON has text keys and unknown values, which is all that `Fields` says. */
function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
