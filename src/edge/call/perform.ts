/**
 * A function of the user's own in the place of the wire: the last stage of an arrow that is wrapped.
 *
 * Intuition: to the policies above, an attempt is something that ends in time or is given up. Whether
 * bytes were sent or a function ran, they decide alike; only what a failure proves is different, and
 * of a function Holdfast knows nothing but what it threw.
 *
 * Invariants:
 *   W1. An attempt ends within its time, whatever the function does. One that ignores its signal keeps
 *       its slot until it ends: the bulkhead bounds what runs, not what is waited for.
 *   W2. What the function threw has effect `unknown`, unless it is a failure that says otherwise, or
 *       whoever wrapped the function says what it means.
 *   W3. What it gives is checked against the contract like any other answer.
 */
import { HoldfastError, isHoldfastError } from '#errors'
import type { Refusal } from '#model'
import { inContext } from '#observe'
import { type TimedSignal, withDeadline } from '#world'
import { judged, refused } from './answer.ts'
import { type Arrow, type Ending, failed, failedBy, type Outgoing, type Step } from './arrow.ts'
import { meanings, type Thrown } from './status.ts'
import { validate } from './validate.ts'

/** What a function gets beside its input. */
export interface Attempted {
  /** Aborts when the attempt is given up or nobody waits any more. Hand it on. */
  readonly signal: AbortSignal
  /** The same for all attempts of a call; `undefined` where the contract has no key. */
  readonly key: string | undefined
  /** 1 for the first. */
  readonly attempt: number
  /** What is left for this attempt, in whole ms. */
  readonly remainingMs: number
  readonly refuse: Readonly<Record<string, (data: unknown) => Refusal>>
}

/** A function, and how its errors are read. */
export interface Performed {
  readonly run: (input: unknown, attempted: Attempted) => unknown
  readonly meaningOf: (error: unknown) => Thrown | undefined
}

/** Runs the function. The last stage: it lets nothing pass. */
export function perform(arrow: Arrow, performed: Performed): Step {
  return { out: (call) => ended(arrow, call, performed) }
}

async function ended(arrow: Arrow, call: Outgoing, performed: Performed): Promise<Ending> {
  let late: HoldfastError | undefined
  const { timers } = arrow.caller.world
  const reason = (): HoldfastError => (late = tooLate(call))
  const timed = withDeadline(timers, call.attemptMs, reason, call.signal)
  const made = new Set<unknown>()
  const work = begun(arrow, call, performed, { timed, made })
  let isOver = false
  const finished = work.then(over, over)
  function over(): void {
    isOver = true
  }
  try {
    const result = await unlessAborted(timed.signal, work)
    // Only this run's own `refuse` put anything into the set.
    if (made.has(result)) return await refusedBy(arrow, call, result as Refusal)
    return judged(arrow, call, await validate(arrow.reference.operation.output, result))
  } catch (error) {
    if (!isOver) call.running = finished
    return given(arrow, call, error, { late, signal: timed.signal, performed })
  } finally {
    timed.release()
  }
}

/** Runs it where whatever it calls inherits the attempt's time, trace and criticality. */
async function begun(
  arrow: Arrow,
  call: Outgoing,
  { run }: Performed,
  { timed, made }: { readonly timed: TimedSignal; readonly made: Set<unknown> },
): Promise<unknown> {
  const { key, attempt, attemptMs: remainingMs, trace, criticality } = call
  const refuse = Object.fromEntries(
    Object.keys(arrow.reference.operation.refuses).map((code) => [
      code,
      (data: unknown): Refusal => {
        const refusal = { '~refusal': code, data }
        made.add(refusal)
        return refusal
      },
    ]),
  )
  const { signal } = timed
  const context = { trace, deadline: call.attemptDeadline, criticality, work: arrow.name }
  return inContext(context, () =>
    run(call.validated, { signal, key, attempt, remainingMs, refuse }),
  )
}

async function unlessAborted(signal: AbortSignal, work: Promise<unknown>): Promise<unknown> {
  const { promise, reject } = Promise.withResolvers<never>()
  const left = (): void => reject(signal.reason)
  if (signal.aborted) left()
  signal.addEventListener('abort', left, { once: true })
  try {
    return await Promise.race([promise, work])
  } finally {
    signal.removeEventListener('abort', left)
  }
}

async function refusedBy(
  arrow: Arrow,
  call: Outgoing,
  { '~refusal': code, data }: Refusal,
): Promise<Ending> {
  return refused(arrow, call, code, data)
}

function tooLate({ attempt, attemptMs }: Outgoing): HoldfastError {
  const detail = `attempt ${attempt} did not end within ${attemptMs} ms`
  return new HoldfastError('HF_CALL_TIMEOUT', { detail })
}

interface Circumstances {
  readonly late: HoldfastError | undefined
  readonly signal: AbortSignal
  readonly performed: Performed
}

/** What is said of a function that threw, or was given up. */
function given(
  arrow: Arrow,
  call: Outgoing,
  error: unknown,
  { late, signal, performed }: Circumstances,
): Ending {
  const known = isHoldfastError(error) ? error : undefined
  if (late !== undefined && signal.reason === late) {
    const effect = error === late ? late.effect : (known?.effect ?? 'unknown')
    return failed(arrow, call, late.code, { detail: late.detail, effect, cause: error })
  }
  if (signal.aborted) {
    const detail = 'the caller left while the function ran'
    return failed(arrow, call, 'HF_CALL_LOST', { detail, cause: error, class: 'cancelled' })
  }
  const thrown = performed.meaningOf(error)
  if (thrown === undefined && known !== undefined) return failedBy(arrow, call, known)
  const { means, retryAfterMs } = thrown ?? { means: 'unknown' }
  const { code, ...meaning } = meanings[means]
  return failed(arrow, call, code, {
    detail: `the function threw: ${short(error)}`,
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...meaning,
  })
}

/** Messages of strangers are cut to this many characters before they reach a log. */
const MESSAGE_CHARS_MAX = 300

function short(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, MESSAGE_CHARS_MAX)
}
