/**
 * The consumer's end of an event edge: one message in, or several of one edge in their order; one
 * transaction, one acknowledgement.
 *
 * Invariants:
 *   C1. 204 is answered only once the effect is committed, now or by an earlier delivery.
 *   C2. The effect is committed once per message and edge, while the inbox row is kept.
 *   C3. `ask` holds no transaction and is skipped where the message was consumed before.
 *   C4. Several messages have their effect together or not at all, so that the sender may try them
 *       one by one. Where one must `ask`, each has a transaction of its own.
 *   C5. Whatever the handler throws rolls everything back and is answered as HF_HANDLER_FAILED, or as
 *       HF_NEIGHBOUR_DOWN: what a neighbour said to `ask` must not be taken for what this service says
 *       about itself.
 */
import { Deadline, hybridOf, writeStamp } from '#clock'
import { assert, catalogue, HoldfastError, isHoldfastError } from '#errors'
import { describeIssues, type Subscription } from '#model'
import { childTrace, inContext, parseTraceparent, type Trace, type WorkContext } from '#observe'
import type { Transaction } from '#state'
import { type IncomingRequest, type WireResponse, withDeadline } from '#world'
import { type Calls, calls } from '../call/caller.ts'
import { problemReply } from '../call/problem.ts'
import { validate } from '../call/validate.ts'
import { header, readDeadlineMs } from '../call/wire.ts'
import { onceEach, repliedBefore } from '../once.ts'
import type { Site } from '../site.ts'
import { type Emission, emitter } from './emission.ts'
import {
  CLOUD_EVENT,
  CLOUD_EVENTS,
  type Envelope,
  readBinary,
  readEnvelope,
  readEnvelopes,
} from './envelope.ts'
import { heed } from './age.ts'
import { isBinaryMode } from './binary-mode.ts'
import { EVENTS_PATH } from './push.ts'
import { presentPayload } from './version.ts'

/** Larger events belong into a store, with a reference in the event. */
const BODY_BYTES_MAX = 1_048_576

/** Tells the sender that it delivered twice. */
const DUPLICATE = 'holdfast-duplicate'

/** A delivery that was accepted. */
interface Reception {
  readonly site: Site
  readonly deadline: Deadline
  readonly signal: AbortSignal
  readonly neighbours: Calls
}

/** One message of it, on its way through its handler. */
interface Arrival {
  readonly envelope: Envelope
  readonly subscription: Subscription
  /** The payload, as the subscriber's schema reads it. */
  readonly event: unknown
  readonly context: WorkContext
}

/** Answers one delivery. Never rejects. */
export async function receive(
  site: Site,
  request: IncomingRequest,
  neighbours: Calls = calls(site),
): Promise<WireResponse> {
  const { clock, random } = site.world
  const trace = childTrace(random, parseTraceparent(request.headers[header.traceparent]))
  try {
    const deadline = Deadline.in(clock, readDeadlineMs(request.headers[header.deadline]))
    const reception = { site, deadline, signal: request.signal, neighbours }
    const envelopes = await read(request)
    const traceOf = ({ traceparent }: Envelope): Trace =>
      envelopes.length === 1 ? trace : childTrace(random, parseTraceparent(traceparent))
    const arrivals = await Promise.all(
      envelopes.map((each) => arrivalOf(reception, each, traceOf(each))),
    )
    const isMany = !arrivals.some(({ subscription }) => subscription.handler.ask !== undefined)
    let duplicates = 0
    for (const group of isMany ? [arrivals] : arrivals.map((each) => [each])) {
      // oxlint-disable-next-line no-await-in-loop -- what stands behind may build upon what stands before.
      duplicates += await consumed(reception, group)
    }
    return acknowledgement(duplicates === arrivals.length)
  } catch (error) {
    return refusal(site, error, trace)
  }
}

async function arrivalOf(
  { site, deadline }: Reception,
  envelope: Envelope,
  trace: Trace,
): Promise<Arrival> {
  const subscription = subscriptionOf(site, envelope)
  heed(site, envelope)
  const event = await validated(envelope, subscription)
  return {
    envelope,
    subscription,
    event,
    context: { trace, deadline, work: workOf(site, envelope) },
  }
}

/** Consumes what one transaction can, states it, and counts what was consumed before. */
async function consumed(reception: Reception, arrivals: readonly Arrival[]): Promise<number> {
  const { site } = reception
  const startedMs = site.world.clock.monotonicMs()
  const fresh = await consume(reception, arrivals)
  for (const { envelope, context } of arrivals) {
    site.observe({
      fact: 'consumed',
      service: site.service.name,
      edge: envelope.edge,
      event: envelope.event,
      id: envelope.id,
      duplicate: !fresh.has(envelope.id),
      tookMs: site.world.clock.monotonicMs() - startedMs,
      traceId: context.trace.traceId,
    })
  }
  return arrivals.filter(({ envelope }) => !fresh.has(envelope.id)).length
}

async function read(request: IncomingRequest): Promise<readonly Envelope[]> {
  if (isBinaryMode(request.headers))
    return [readBinary(request.headers, await request.readBody(BODY_BYTES_MAX))]
  const type = request.headers[header.contentType] ?? 'absent'
  const kind = type.split(';', 1)[0]?.trim().toLowerCase()
  if (kind === CLOUD_EVENT) return [readEnvelope(await request.readBody(BODY_BYTES_MAX))]
  if (kind === CLOUD_EVENTS) return readEnvelopes(await request.readBody(BODY_BYTES_MAX))
  throw new HoldfastError('HF_REQUEST_MALFORMED', {
    detail: `the content type is ${type.slice(0, 80)}, not ${CLOUD_EVENT} or ${CLOUD_EVENTS}`,
    fix: `Send one CloudEvent 1.0 with \`content-type: ${CLOUD_EVENT}\`.`,
  })
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

/** The ids of those that had not been consumed before. */
async function consume(
  reception: Reception,
  arrivals: readonly Arrival[],
): Promise<ReadonlySet<string>> {
  const { site, deadline } = reception
  const byId = new Map(arrivals.map((each) => [each.envelope.id, each]))
  const [first] = arrivals
  assert(first !== undefined, 'a delivery holds at least one message')
  const scope = `event:${first.envelope.edge}`
  const { ask } = first.subscription.handler
  const claim = { scope, id: first.envelope.id }
  if (ask !== undefined && (await repliedBefore(site.database, claim))) return new Set()
  const asked = await inContext(first.context, () => askFirst(reception, first))
  if (deadline.hasPassed()) throw tooLate(first.envelope)
  const claims = { scope, ids: [...byId.keys()], timeoutMs: deadline.remainingMs() }
  return onceEach(site, claims, async (tx, id) => {
    const arrival = byId.get(id)
    assert(arrival !== undefined, 'only what arrived is claimed')
    return inContext(arrival.context, () => run(site, tx, arrival, asked))
  })
}

async function run(
  site: Site,
  tx: Transaction,
  { envelope, subscription, event }: Arrival,
  asked: unknown,
): Promise<readonly Emission[]> {
  const emitted = emitter(site.service.contract)
  const { id, stamp = writeStamp(hybridOf(site.world.clock).tick()) } = envelope
  const context = { tx: site.service.db.over(tx), event, emit: emitted.emit, id, stamp, asked }
  // The handler was declared for this event's payload, this contract and this database.
  await subscription.handler.run(context as never)
  return emitted.collect()
}

async function validated(envelope: Envelope, { event: declared }: Subscription): Promise<unknown> {
  const { event } = envelope
  const verdict = await validate(declared.payload, presentPayload(envelope, declared))
  if (verdict.issues === undefined) return verdict.value
  throw new HoldfastError('HF_EVENT_INVALID', {
    detail: `${event}: ${describeIssues(verdict.issues)}`,
  })
}

/** What the neighbours said, before the transaction; their failures are this handler's failure. */
async function askFirst(
  reception: Reception,
  { envelope, subscription, event }: Arrival,
): Promise<unknown> {
  const { site, deadline, neighbours } = reception
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
