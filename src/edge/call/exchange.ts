/**
 * One attempt on the wire: what is sent, and what it means if nothing comes back.
 *
 * Invariants:
 *   X1. After the attempt, no timer of it is left.
 *   X2. A timeout is `unsent` only if the network says that nothing was sent.
 */
import { assert, HoldfastError, isHoldfastError } from '#errors'
import { childTrace, formatTraceparent } from '#observe'
import { withDeadline, type WireResponse } from '#world'
import { addressOf } from './address.ts'
import { type Arrow, type Ending, failed, failedBy, type Next, type Outgoing } from './arrow.ts'
import { writeKey } from './key.ts'
import { header } from './wire.ts'

/** Longer answers are not read to the end: an event loop that parses one serves nobody meanwhile. */
const ANSWER_BYTES_MAX = 8 * 1_048_576

const utf8 = new TextEncoder()

/** Writes the request. */
export function headers(next: Next, arrow: Arrow): Next {
  const { caller } = arrow
  return async (call) => {
    const { method, path, body: text } = addressOf(arrow, call.input)
    const request = {
      method,
      path,
      headers: {
        ...(text === undefined ? {} : { [header.contentType]: 'application/json' }),
        ...(call.key === undefined ? {} : { [header.key]: writeKey(call.key) }),
        [header.deadline]: String(call.attemptMs),
        [header.attempt]: String(call.attempt),
        [header.callId]: call.callId,
        [header.caller]: caller.name,
        [header.criticality]: call.criticality,
        [header.traceparent]: formatTraceparent(childTrace(caller.world.random, call.trace)),
      },
      body: text === undefined ? undefined : utf8.encode(text),
      answerBytesMax: ANSWER_BYTES_MAX,
    }
    return next({ ...call, request })
  }
}

/** Sends the request and waits for the answer, as long as this attempt may take. */
export function transport(next: Next, arrow: Arrow): Next {
  const { world } = arrow.caller
  return async (call) => {
    // Made only when it is needed: an error costs more than the rest of the attempt on this side.
    let late: HoldfastError | undefined
    const reason = (): HoldfastError => (late = tooLate(call))
    const timed = withDeadline(world.timers, call.attemptMs, reason, call.signal)
    let response: WireResponse
    try {
      assert(call.request !== undefined, 'a request is written before it is sent')
      response = await world.network.send(call.origin, {
        ...call.request,
        signal: timed.signal,
      })
    } catch (error) {
      const { signal } = timed
      return unanswered(arrow, call, error, { late, signal })
    } finally {
      timed.release()
    }
    return next({ ...call, response })
  }
}

function tooLate({ attempt, attemptMs }: Outgoing): HoldfastError {
  const detail = `no answer to attempt ${attempt} within ${attemptMs} ms`
  return new HoldfastError('HF_CALL_TIMEOUT', { detail })
}

function unanswered(
  arrow: Arrow,
  call: Outgoing,
  error: unknown,
  { late, signal }: { readonly late: HoldfastError | undefined; readonly signal: AbortSignal },
): Ending {
  const known = isHoldfastError(error) ? error : undefined
  if (late !== undefined && signal.reason === late) {
    const { code, detail } = late
    return failed(arrow, call, code, { detail, effect: known?.effect ?? 'unknown', cause: error })
  }
  // Whoever aborts an attempt does not want it: that is nobody's fault, and no reason to try again.
  const more = signal.aborted ? ({ class: 'cancelled' } as const) : {}
  if (known !== undefined) return failedBy(arrow, call, known, more)
  return failed(arrow, call, 'HF_CALL_LOST', {
    detail: 'the network failed',
    cause: error,
    ...more,
  })
}
