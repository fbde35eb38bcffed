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
        [header.traceparent]: formatTraceparent(childTrace(caller.world.random, call.trace)),
      },
      body: text === undefined ? undefined : new TextEncoder().encode(text),
      answerBytesMax: ANSWER_BYTES_MAX,
    }
    return next({ ...call, request })
  }
}

/** Sends the request and waits for the answer, as long as this attempt may take. */
export function transport(next: Next, arrow: Arrow): Next {
  const { world, resolve } = arrow.caller
  const { target } = arrow.reference
  return async (call) => {
    const late = new HoldfastError('HF_CALL_TIMEOUT', {
      detail: `no answer to attempt ${call.attempt} within ${call.attemptMs} ms`,
    })
    const timed = withDeadline(world.timers, call.attemptMs, () => late, call.signal)
    let response: WireResponse
    try {
      assert(call.request !== undefined, 'a request is written before it is sent')
      response = await world.network.send(resolve(target), {
        ...call.request,
        signal: timed.signal,
      })
    } catch (error) {
      return unanswered(arrow, call, error, timed.signal.reason === late ? late : undefined)
    } finally {
      timed.release()
    }
    return next({ ...call, response })
  }
}

function unanswered(
  arrow: Arrow,
  call: Outgoing,
  error: unknown,
  late: HoldfastError | undefined,
): Ending {
  const known = isHoldfastError(error) ? error : undefined
  if (late !== undefined) {
    return failed(arrow, call, late.code, {
      detail: late.detail,
      effect: known?.effect ?? 'unknown',
      cause: error,
    })
  }
  if (known !== undefined) return failedBy(arrow, call, known)
  return failed(arrow, call, 'HF_CALL_LOST', { detail: 'the network failed', cause: error })
}
