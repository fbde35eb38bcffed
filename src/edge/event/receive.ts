/**
 * The consumer's end of an event edge: one message in, one transaction, one acknowledgement.
 *
 * Invariants:
 *   C1. 204 is answered only once the effect is committed, now or by an earlier delivery.
 *   C2. The effect is committed once per message and edge, while the inbox row is kept.
 *   C3. `ask` holds no transaction and is skipped where the message was consumed before.
 *   C4. Whatever the handler throws rolls everything back and is answered as HF_HANDLER_FAILED, or as
 *       HF_NEIGHBOUR_DOWN: what a neighbour said to `ask` must not be taken for what this service says
 *       about itself.
 */
import { Deadline } from '#clock'
import { catalogue, HoldfastError, isHoldfastError } from '#errors'
import { describeIssues, type Subscription } from '#model'
import { childTrace, inContext, parseTraceparent, type Trace } from '#observe'
import { type IncomingRequest, type WireResponse, withDeadline } from '#world'
import { type Calls, calls } from '../call/caller.ts'
import { problemReply } from '../call/problem.ts'
import { validate } from '../call/validate.ts'
import { header, readDeadlineMs } from '../call/wire.ts'
import { once, repliedBefore } from '../once.ts'
import type { Site } from '../site.ts'
import { emitter } from './emission.ts'
import { CLOUD_EVENT, type Envelope, readEnvelope } from './envelope.ts'
import { EVENTS_PATH } from './push.ts'

/** Larger events belong into a store, with a reference in the event. */
const BODY_BYTES_MAX = 1_048_576

/** Tells the sender that it delivered twice. */
const DUPLICATE = 'holdfast-duplicate'

/** A message that was accepted, on its way through its handler. */
interface Reception {
  readonly site: Site
  readonly envelope: Envelope
  readonly subscription: Subscription
  readonly deadline: Deadline
  readonly signal: AbortSignal
  readonly neighbours: Calls
}

/** Answers one delivery. Never rejects. */
export async function receive(
  site: Site,
  request: IncomingRequest,
  neighbours: Calls = calls(site),
): Promise<WireResponse> {
  const { clock, random } = site.world
  const startedMs = clock.monotonicMs()
  const trace = childTrace(random, parseTraceparent(request.headers[header.traceparent]))
  try {
    const deadline = Deadline.in(clock, readDeadlineMs(request.headers[header.deadline]))
    const envelope = await read(request)
    const subscription = subscriptionOf(site, envelope)
    const reception = { site, envelope, subscription, deadline, signal: request.signal, neighbours }
    const context = { trace, deadline, work: workOf(site, envelope) }
    const isDuplicate = await inContext(context, () => consume(reception))
    site.observe({
      fact: 'consumed',
      service: site.service.name,
      edge: envelope.edge,
      event: envelope.event,
      id: envelope.id,
      duplicate: isDuplicate,
      tookMs: clock.monotonicMs() - startedMs,
      traceId: trace.traceId,
    })
    return acknowledgement(isDuplicate)
  } catch (error) {
    return refusal(site, error, trace)
  }
}

async function read(request: IncomingRequest): Promise<Envelope> {
  const type = request.headers[header.contentType] ?? 'absent'
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== CLOUD_EVENT) {
    throw new HoldfastError('HF_REQUEST_MALFORMED', {
      detail: `the content type is ${type.slice(0, 80)}, not ${CLOUD_EVENT}`,
      fix: `Send one CloudEvent 1.0 with \`content-type: ${CLOUD_EVENT}\`.`,
    })
  }
  return readEnvelope(await request.readBody(BODY_BYTES_MAX))
}

/** @throws HF_EVENT_UNKNOWN (effect none) if the edge does not lead here or carries no such event. */
function subscriptionOf(site: Site, { edge, event }: Envelope): Subscription {
  const known = site.system.eventEdges.find(
    ({ name, target }) => name === edge && target === site.service.name,
  )
  const found = site.service.subscriptions.find(
    (each) => `${each.event.contract}.${each.event.name}` === event,
  )
  if (known !== undefined && found?.event.contract === known.source) return found
  throw new HoldfastError('HF_EVENT_UNKNOWN', {
    detail: `${site.service.name} has no subscription to ${event} over ${edge}`,
  })
}

/** True if the message was consumed before. */
async function consume(reception: Reception): Promise<boolean> {
  const { site, envelope, subscription, deadline } = reception
  const event = await validated(envelope, subscription)
  const claim = { scope: `event:${envelope.edge}`, id: envelope.id }
  const { ask, run } = subscription.handler
  if (ask !== undefined && (await repliedBefore(site.database, claim))) return true
  const asked = await askFirst(reception, event)
  if (deadline.hasPassed()) throw tooLate(envelope)
  const { isReplayed } = await once(
    site,
    { claim, timeoutMs: deadline.remainingMs() },
    async (tx) => {
      const emitted = emitter(site.service.contract)
      // The handler was declared for this event's payload, this contract and this database.
      await run({ tx: site.service.db.over(tx), event, emit: emitted.emit, asked } as never)
      return { status: 204, reply: undefined, emissions: await emitted.collect(), isRefused: false }
    },
  )
  return isReplayed
}

async function validated(
  { event, payload }: Envelope,
  { event: declared }: Subscription,
): Promise<unknown> {
  const verdict = await validate(declared.payload, payload)
  if (verdict.issues === undefined) return verdict.value
  throw new HoldfastError('HF_EVENT_INVALID', {
    detail: `${event}: ${describeIssues(verdict.issues)}`,
  })
}

/** What the neighbours said, before the transaction; their failures are this handler's failure. */
async function askFirst(reception: Reception, event: unknown): Promise<unknown> {
  const { site, envelope, subscription, deadline, neighbours } = reception
  const { ask } = subscription.handler
  if (ask === undefined) return undefined
  const timed = withDeadline(
    site.world.timers,
    deadline.remainingMs(),
    () => tooLate(envelope),
    reception.signal,
  )
  try {
    // The handler was declared for this event's payload.
    const call = neighbours.within(timed.signal)
    return await ask({ input: event, call, signal: timed.signal } as never)
  } catch (cause) {
    throw isNeighbourDown(cause) ? neighbourDown(cause) : handlerFailed(cause)
  } finally {
    timed.release()
  }
}

/** True if a neighbour was away, too slow, or not able: that says nothing about the message. */
function isNeighbourDown(cause: unknown): cause is HoldfastError {
  if (!isHoldfastError(cause)) return false
  const { status } = catalogue[cause.code]
  return status === 503 || status === 504 || cause.code === 'HF_CALL_LOST'
}

function neighbourDown(cause: HoldfastError): HoldfastError {
  const { retryAfterMs, message, effect } = cause
  return new HoldfastError('HF_NEIGHBOUR_DOWN', {
    detail: message,
    effect,
    cause,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

function tooLate({ edge, event }: Envelope): HoldfastError {
  return new HoldfastError('HF_DEADLINE_EXHAUSTED', {
    edge,
    detail: `the sender's deadline passed before ${event} could be written down`,
  })
}

function handlerFailed(cause: unknown): HoldfastError {
  return new HoldfastError('HF_HANDLER_FAILED', {
    detail: cause instanceof Error ? cause.name : `it threw a ${typeof cause}`,
    cause,
  })
}

function acknowledgement(isDuplicate: boolean): WireResponse {
  const headers = isDuplicate ? { [DUPLICATE]: 'true' } : {}
  return { status: 204, headers, body: new Uint8Array() }
}

/** The answer to a delivery that failed; what is this service's own fault is stated, too. */
function refusal(site: Site, error: unknown, trace: Trace): WireResponse {
  const failure = isHoldfastError(error) ? error : handlerFailed(error)
  if (catalogue[failure.code].status >= 500) {
    site.observe({
      fact: 'failed',
      service: site.service.name,
      work: EVENTS_PATH,
      code: failure.code,
      error,
      traceId: trace.traceId,
    })
  }
  const { status, headers, body } = problemReply(failure, trace.traceId)
  return { status, headers, body }
}

/** `inventory<orders.placed`. */
function workOf({ service }: Site, { event }: Envelope): string {
  return `${service.name}<${event}`
}
