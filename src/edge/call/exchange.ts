/**
 * One attempt on the wire: what is sent, and what it means if nothing comes back.
 *
 * Invariants:
 *   X1. After the attempt, no timer of it is left.
 *   X2. A timeout is `unsent` only if the network says that nothing was sent.
 */
import { assert, HoldfastError, isHoldfastError } from '#errors'
import { childTrace, formatTraceparent } from '#observe'
import { type OutgoingRequest, type TimedSignal, type Transport, withDeadline } from '#world'
import { addressOf } from './address.ts'
import { type Arrow, type Ending, failed, failedBy, type Outgoing, type Step } from './arrow.ts'
import { writeKey } from './key.ts'
import { header } from './wire.ts'

/** Longer answers are not read to the end: an event loop that parses one serves nobody meanwhile. */
const ANSWER_BYTES_MAX = 8 * 1_048_576

const utf8 = new TextEncoder()

/** A request before it is sent. */
export type Written = Omit<OutgoingRequest, 'signal' | 'answerBytesMax' | 'transport'>

/** Writes the request. */
export function headers(arrow: Arrow): Step {
  const { caller } = arrow
  const { random } = caller.world
  return {
    out: (call) => {
      const { method, path, body: text } = addressOf(arrow, call.input)
      const fields: Record<string, string> = {
        [header.deadline]: String(call.attemptMs),
        [header.attempt]: String(call.attempt),
        [header.callId]: call.callId,
        [header.caller]: caller.name,
        [header.criticality]: call.criticality,
        [header.traceparent]: formatTraceparent(childTrace(random, call.trace)),
      }
      if (text !== undefined) fields[header.contentType] = 'application/json'
      if (call.key !== undefined) fields[header.key] = writeKey(call.key)
      const body = text === undefined ? undefined : utf8.encode(text)
      call.request = { method, path, headers: fields, body }
      return undefined
    },
  }
}

/** Sends the request and waits for the answer, as long as this attempt may take. */
export function transport(arrow: Arrow): Step {
  const { isForeign } = arrow.caller
  const { target, policy } = arrow.reference
  // Who is not ours has agreed to nothing: he is asked over HTTP, and never for a session.
  const carrier = isForeign(target) ? 'http' : policy.edge.transport
  return { out: (call) => sent(arrow, call, carrier) }
}

async function sent(arrow: Arrow, call: Outgoing, carrier: Transport): Promise<Ending | undefined> {
  const { timers, network } = arrow.caller.world
  // Made only when it is needed: an error costs more than the rest of the attempt on this side.
  let late: HoldfastError | undefined
  const reason = (): HoldfastError => (late = tooLate(call))
  const timed = withDeadline(timers, call.attemptMs, reason, call.signal)
  try {
    assert(call.request !== undefined, 'a request is written before it is sent')
    call.response = await network.send(call.origin, new Posted(call.request, carrier, timed))
    return undefined
  } catch (error) {
    const { signal } = timed
    return unanswered(arrow, call, error, { late, signal })
  } finally {
    timed.release()
  }
}

/** A request on its way. Its signal is made if the network asks for it. */
class Posted implements OutgoingRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly answerBytesMax = ANSWER_BYTES_MAX
  readonly transport: Transport
  readonly #timed: TimedSignal

  constructor(
    { method, path, headers: fields, body }: Written,
    carrier: Transport,
    timed: TimedSignal,
  ) {
    this.method = method
    this.path = path
    this.headers = fields
    this.body = body
    this.transport = carrier
    this.#timed = timed
  }

  get signal(): AbortSignal {
    return this.#timed.signal
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
