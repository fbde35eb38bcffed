/**
 * What an answer means: one of the four outcomes, or garbage, which is a failure like any other.
 *
 * Invariants:
 *   W1. No value reaches the caller that its contract does not describe.
 *   W2. A status alone proves as much about the effect as `status.ts` says, and no more.
 */
import { assert, isHoldfastError } from '#errors'
import { describeIssues, type Verdict } from '#model'
import type { WireResponse } from '#world'
import { type Arrow, type Ending, failed, type Outgoing, type Step } from './arrow.ts'
import { parseJson } from './json.ts'
import { type Problem, readProblem } from './problem.ts'
import { meanings, wordOfStatus } from './status.ts'
import { validate } from './validate.ts'
import { header, isJson, readAdvice, readRetryAfterMs } from './wire.ts'

/** Reads the answer. The last stage: it lets nothing pass. */
export function answer(arrow: Arrow): Step {
  return {
    out: (call) => {
      const { response } = call
      assert(response !== undefined, 'an answer is read after it arrived')
      if (response.status >= 200 && response.status <= 299) return done(arrow, call, response)
      const problem = readProblem(response)
      if (problem?.refusal !== undefined) {
        return refused(arrow, call, problem.refusal, problem.data)
      }
      return failure(arrow, call, response, problem)
    },
  }
}

function done(arrow: Arrow, call: Outgoing, response: WireResponse): Ending | Promise<Ending> {
  const read = valueOf(response)
  if ('fault' in read) return invalid(arrow, call, read.fault)
  const verdict = validate(arrow.reference.operation.output, read.value)
  if (verdict instanceof Promise) return verdict.then((later) => judged(arrow, call, later))
  return judged(arrow, call, verdict)
}

/** The ending of a call that was answered with what the output schema says of it. */
export function judged(arrow: Arrow, call: Outgoing, verdict: Verdict<unknown>): Ending {
  if (verdict.issues !== undefined) return invalid(arrow, call, describeIssues(verdict.issues))
  const degraded = call.response?.headers[header.degraded] === 'true'
  return { kind: 'done', value: verdict.value, degraded, attempts: call.attempt }
}

type Read = { readonly value: unknown } | { readonly fault: string }

function valueOf({ headers, body }: WireResponse): Read {
  if (body.length === 0) return { value: undefined }
  const contentType = headers[header.contentType]
  if (!isJson(contentType)) {
    return {
      fault: `the content type is '${(contentType ?? '').slice(0, 80)}', not application/json`,
    }
  }
  try {
    return { value: parseJson(body) }
  } catch (error) {
    if (isHoldfastError(error)) return { fault: error.detail }
    throw error
  }
}

/** The ending of a call that was answered with a declared no. */
export async function refused(
  arrow: Arrow,
  call: Outgoing,
  code: string,
  data: unknown,
): Promise<Ending> {
  const { refuses } = arrow.reference.operation
  const schema = Object.hasOwn(refuses, code) ? refuses[code] : undefined
  if (schema === undefined) {
    return invalid(arrow, call, `the contract has no refusal '${code.slice(0, 80)}'`)
  }
  const verdict = await validate(schema, data)
  if (verdict.issues !== undefined) {
    return invalid(arrow, call, `refusal '${code}': ${describeIssues(verdict.issues)}`)
  }
  return { kind: 'refused', refusal: { code, data: verdict.value }, attempts: call.attempt }
}

function invalid(arrow: Arrow, call: Outgoing, detail: string): Ending {
  return failed(arrow, call, 'HF_ANSWER_INVALID', { detail })
}

function failure(
  arrow: Arrow,
  call: Outgoing,
  { status, headers }: WireResponse,
  problem: Problem | undefined,
): Ending {
  const retryAfterMs = readRetryAfterMs(headers[header.retryAfter])
  const advice = readAdvice(headers[header.retry])
  const facts = {
    advice,
    detail: `${arrow.reference.target} answered ${status}: ${problem?.detail ?? 'no problem document'}`,
    particulars: problem?.issues,
    ...(problem?.fix === undefined ? {} : { fix: problem.fix }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
  if (problem?.code !== undefined) {
    return failed(arrow, call, problem.code, { ...facts, effect: problem.effect })
  }
  const word = wordOfStatus(status)
  if (word !== undefined) {
    const { code, ...meaning } = meanings[word]
    return failed(arrow, call, code, { ...facts, ...meaning })
  }
  return invalid(arrow, call, `the status ${status} is neither a success nor a failure`)
}
