/**
 * The stages of a call that happen once, whatever number of attempts it takes.
 */
import { Deadline } from '#clock'
import { HoldfastError, isHoldfastError } from '#errors'
import { describeIssues, type Verdict } from '#model'
import { childTrace, currentContext } from '#observe'
import { uuid } from '#world'
import {
  type Arrow,
  type Ending,
  type Failed,
  failed,
  failedBy,
  type Next,
  type Outgoing,
  type Step,
} from './arrow.ts'
import { lower } from './criticality.ts'
import { chosenKey, derivedKey } from './key.ts'
import { publicIssues, validate } from './validate.ts'

/** What a service keeps of an inherited deadline to receive the answer and send its own, in ms. */
const MARGIN_MS = 2

/** What the caller said. */
export type Intention = Pick<Outgoing, 'input' | 'options' | 'signal'>

/** Begins a call: its trace, its id and its deadline, the edge's or what is left of the caller's. */
export function begin(
  { caller, reference }: Arrow,
  { input: given, options, signal }: Intention,
): Outgoing {
  const { clock, random } = caller.world
  const { deadlineMs, edge } = reference.policy
  const around = currentContext()
  const beganMs = clock.monotonicMs()
  const until =
    around?.deadline?.within(deadlineMs, MARGIN_MS) ?? Deadline.at(clock, beganMs + deadlineMs)
  return {
    input: given,
    options,
    signal,
    callId: uuid(random, clock.wallMs()),
    trace: childTrace(random, around?.trace),
    beganMs,
    deadline: until,
    criticality: lower(edge.criticality, around?.criticality),
    tried: [],
    validated: undefined,
    key: undefined,
    attempt: 0,
    attemptBeganMs: beganMs,
    attemptDeadline: until,
    attemptMs: 0,
    permit: undefined,
    endpoint: undefined,
    endpointBeganMs: beganMs,
    origin: '',
    request: undefined,
    response: undefined,
    running: undefined,
  }
}

/** States how the call ended. */
export function fact({ caller, name }: Arrow): Step {
  return {
    back: (call, ending, nowMs) => {
      if (ending === undefined) return
      caller.observe({
        fact: 'called',
        service: caller.name,
        edge: name,
        ended: ending.kind,
        code: 'error' in ending ? ending.error.code : undefined,
        attempts: ending.attempts,
        tookMs: nowMs - call.beganMs,
        traceId: call.trace.traceId,
      })
    },
  }
}

/** Refuses an edge that the service does not declare. */
export function declared(arrow: Arrow): Step | undefined {
  const { caller, reference, name } = arrow
  if (caller.declares(reference)) return undefined
  const detail = `'${caller.name}' does not list the edge of ${name} in \`uses\``
  return { out: (call) => failed(arrow, call, 'HF_CALL_UNDECLARED', { detail }) }
}

/** Refuses an input that breaks the contract. */
export function input(arrow: Arrow): Step {
  const { operation } = arrow.reference
  const check = (call: Outgoing, verdict: Verdict<unknown>): Ending | undefined => {
    if (verdict.issues !== undefined) {
      return failed(arrow, call, 'HF_INPUT_INVALID', {
        detail: describeIssues(verdict.issues),
        particulars: publicIssues(verdict.issues),
      })
    }
    call.validated = verdict.value
    return undefined
  }
  return {
    out: (call) => {
      const verdict = validate(operation.input, call.input)
      if (verdict instanceof Promise) return verdict.then((later) => check(call, later))
      return check(call, verdict)
    },
  }
}

/** Answers with the declared value where the callee did not; a refusal is an answer and stays one. */
export function fallback(arrow: Arrow): Step | undefined {
  const { policy } = arrow.reference
  if (policy.fallback === undefined) return undefined
  const { value } = policy.fallback
  const around = (next: Next): Next => {
    return async (call) => {
      const ending = await next(call)
      return 'error' in ending && !isMistake(ending) ? degraded(arrow, call, ending, value) : ending
    }
  }
  return { around }
}

/** True where the caller is wrong: a fallback or an old answer would only hide it. */
export function isMistake(ending: Failed): boolean {
  const { code } = ending.error
  return code === 'HF_CALL_DENIED' || code.startsWith('HF_KEY_') || code === 'HF_INPUT_INVALID'
}

async function degraded(
  arrow: Arrow,
  call: Outgoing,
  ending: Failed,
  value: unknown,
): Promise<Ending> {
  const verdict = await validate(arrow.reference.operation.output, value)
  if (verdict.issues === undefined) {
    return { kind: 'done', value: verdict.value, degraded: true, attempts: ending.attempts }
  }
  return failed(arrow, call, 'HF_DECLARATION_INVALID', {
    detail: `the fallback breaks the contract: ${describeIssues(verdict.issues)}`,
    effect: ending.error.effect,
    cause: ending.error,
  })
}

/** Refuses to begin what nobody can wait for. */
export function deadline(arrow: Arrow): Step {
  return {
    out: (call) => {
      const remainingMs = call.deadline.remainingMs()
      // A millisecond is what the wire can say; with less the callee would have to be asked for 0.
      if (remainingMs >= 1) return undefined
      return failed(arrow, call, 'HF_DEADLINE_EXHAUSTED', {
        detail: `${remainingMs.toFixed(1)} ms were left, a call needs at least 1 ms`,
      })
    },
  }
}

/** Gives a keyed command its key: derived from the input, chosen by the caller, or fresh for the call. */
export function key(arrow: Arrow): Step {
  return {
    out: (call) => {
      try {
        call.key = mint(arrow, call)
        return undefined
      } catch (error) {
        if (isHoldfastError(error)) return failedBy(arrow, call, error)
        throw error
      }
    },
  }
}

function mint({ caller, reference }: Arrow, { validated, options }: Outgoing): string | undefined {
  const rule = reference.operation.kind === 'query' ? undefined : reference.operation.key
  if (rule === 'from-caller') {
    const { clock, random } = caller.world
    return options.key === undefined ? uuid(random, clock.wallMs()) : chosenKey(options.key)
  }
  if (options.key !== undefined) {
    throw new HoldfastError('HF_KEY_INVALID', {
      detail: `a key was given, but the contract ${rule === undefined ? 'has none' : 'derives it'}`,
      fix: "Leave the key out, or declare `key: 'from-caller'`.",
    })
  }
  return rule === undefined ? undefined : derivedKey(rule, validated)
}
