/**
 * The broker without a broker: the relay posts each message to the consumer's own inbox.
 *
 * Intuition: the outbox keeps, the inbox deduplicates; what lies between only has to carry. The
 * acknowledgement is the consumer's commit, and not the promise of a third party to keep the message.
 *
 * Invariants:
 *   H1. Only a 2xx acknowledges.
 *   H2. HF_CALL_NOT_SENT is said only where no byte left, by the network, or by whoever stands before
 *       the consumer and knows it.
 */
import { HoldfastError, isHoldfastError } from '#errors'
import { HTTP_PUSH } from '#model'
import {
  type OutgoingRequest,
  type Random,
  randomInteger,
  type WireResponse,
  withDeadline,
} from '#world'
import { readProblem } from '../call/problem.ts'
import { header, readRetryAfterMs } from '../call/wire.ts'
import type { Site } from '../site.ts'
import type { Broker } from './broker.ts'
import { CLOUD_EVENT, CLOUD_EVENTS, writeEnvelope, writeEnvelopes } from './envelope.ts'
import type { Message } from './message.ts'

/** Where every service receives its events. */
export const EVENTS_PATH = '/holdfast/events'

/** An acknowledgement is empty and a problem document is short. */
const ANSWER_BYTES_MAX = 65_536

/** What is posted: `message` stands for all of them where one must be named. */
interface Posting {
  readonly target: string
  readonly message: Message
  /** What is carried, for people. */
  readonly words: string
  readonly type: string
  readonly body: Uint8Array
  readonly timeoutMs: number
}

/** Delivers by HTTP: one message a request, or several. */
export function httpPush(site: Site): Broker {
  const { name: caller } = site.service
  return {
    promises: HTTP_PUSH,
    async deliver(target, message, timeoutMs) {
      const body = writeEnvelope(message, caller)
      await post(site, {
        target,
        message,
        words: message.event,
        type: CLOUD_EVENT,
        body,
        timeoutMs,
      })
    },
    async deliverAll(target, messages, timeoutMs) {
      const [message] = messages
      if (message === undefined) return
      const words = `${messages.length} events`
      const body = writeEnvelopes(messages, caller)
      await post(site, { target, message, words, type: CLOUD_EVENTS, body, timeoutMs })
    },
  }
}

async function post(site: Site, posting: Posting): Promise<void> {
  const { target, message, words, timeoutMs } = posting
  const late = (): HoldfastError =>
    new HoldfastError('HF_CALL_TIMEOUT', {
      edge: message.edge,
      detail: `${target} did not acknowledge ${words} within ${timeoutMs} ms`,
    })
  const origin = oneOf(site.resolve(target), site.world.random)
  const timed = withDeadline(site.world.timers, timeoutMs, late)
  try {
    const request = requestOf(site.service.name, posting, timed.signal)
    const answer = await site.world.network.send(origin, request)
    if (answer.status < 200 || answer.status > 299) throw failureOf(message, target, answer)
  } catch (error) {
    if (isHoldfastError(error, 'HF_CALL_NOT_SENT')) site.unreachable?.(target)
    throw timed.signal.aborted ? late() : error
  } finally {
    timed.release()
  }
}

/** Any instance will do: they share the database in which the effect is committed. */
function oneOf(origins: string | readonly string[], random: Random): string {
  if (typeof origins === 'string') return origins
  return origins[randomInteger(random, origins.length)] ?? ''
}

function requestOf(
  caller: string,
  { message, type, body, timeoutMs }: Posting,
  signal: AbortSignal,
): OutgoingRequest {
  return {
    method: 'POST',
    path: EVENTS_PATH,
    headers: {
      [header.contentType]: type,
      [header.traceparent]: message.traceparent,
      [header.deadline]: String(timeoutMs),
      [header.caller]: caller,
      [header.attempt]: String(message.attempt),
    },
    body,
    signal,
    answerBytesMax: ANSWER_BYTES_MAX,
    // Who subscribes is a service of the same system.
    transport: 'session',
  }
}

/** What an answer that acknowledges nothing says: the failure of `message` at `target`. */
export function failureOf(
  message: Pick<Message, 'edge'>,
  target: string,
  answer: WireResponse,
): HoldfastError {
  const problem = readProblem(answer)
  const retryAfterMs = readRetryAfterMs(answer.headers[header.retryAfter])
  return new HoldfastError(problem?.code ?? 'HF_EVENT_UNDELIVERED', {
    edge: message.edge,
    detail: problem?.detail ?? `${target} answered ${answer.status} without a reason`,
    effect: problem?.effect ?? 'unknown',
    ...(problem?.fix === undefined ? {} : { fix: problem.fix }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
