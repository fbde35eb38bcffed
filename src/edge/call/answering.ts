/**
 * From what a handler returned to the bytes of its answer, checked against the contract.
 *
 * Invariants:
 *   R1. A refusal is one only if this run's own `refuse` made it: data that looks like one is data.
 *   R2. What the output schema strips is not sent. So an output schema must accept what it produces:
 *       both sides read the answer with it.
 */
import { assert, HoldfastError } from '#errors'
import { describeIssues, type Refusal, type Schema } from '#model'
import { refusalText, REFUSED_STATUS } from './problem.ts'
import type { Asked } from './route.ts'
import { validate } from './validate.ts'

/** An answer, serialised. */
export interface Answering {
  readonly status: number
  readonly reply: string
  readonly isRefused: boolean
}

/** The `refuse` of one run, and the way from the run's result to its answer. */
export interface Refuser {
  readonly refuse: Readonly<Record<string, (data: unknown) => Refusal>>
  /** @throws HF_HANDLER_FAILED (effect none) if the result breaks the contract. */
  readonly answer: (result: unknown) => Promise<Answering>
}

/** Makes the `refuse` of one run of the handler of `asked`. */
export function refuser(asked: Asked): Refuser {
  const made = new Set<unknown>()
  const refuse = Object.fromEntries(
    Object.keys(asked.refuses).map((code) => [
      code,
      (data: unknown): Refusal => {
        const refusal = { '~refusal': code, data }
        made.add(refusal)
        return refusal
      },
    ]),
  )
  // Only `refuse` puts anything into the set.
  const isRefusal = (result: unknown): result is Refusal => made.has(result)
  const answer = async (result: unknown): Promise<Answering> =>
    isRefusal(result) ? refused(asked, result) : done(asked, result)
  return { refuse, answer }
}

async function done(asked: Asked, result: unknown): Promise<Answering> {
  const value = await checked(asked, 'the answer', asked.output, result)
  // An operation without an output answers `null`: every answer is JSON.
  const reply = JSON.stringify(value) ?? 'null'
  return { status: asked.http?.status ?? 200, reply, isRefused: false }
}

async function refused(asked: Asked, { '~refusal': code, data }: Refusal): Promise<Answering> {
  const schema = asked.refuses[code]
  assert(schema !== undefined, 'only declared refusals can be made')
  const value = await checked(asked, `refusal '${code}'`, schema, data)
  const operation = `${asked.contract}.${asked.name}`
  return { status: REFUSED_STATUS, reply: refusalText(operation, code, value), isRefused: true }
}

async function checked(
  asked: Asked,
  what: string,
  schema: Schema,
  value: unknown,
): Promise<unknown> {
  const verdict = await validate(schema, value)
  if (verdict.issues === undefined) return verdict.value
  throw new HoldfastError('HF_HANDLER_FAILED', {
    detail: `${what} of ${asked.contract}.${asked.name} breaks the contract: ${describeIssues(verdict.issues)}`,
    fix: 'Return what the contract declares; the transaction was rolled back.',
  })
}
