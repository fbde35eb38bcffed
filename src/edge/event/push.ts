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
import { HoldfastError } from '#errors'
import { type OutgoingRequest, type WireResponse, withDeadline } from '#world'
import { readProblem } from '../call/problem.ts'
import { header, readRetryAfterMs } from '../call/wire.ts'
import type { Site } from '../site.ts'
import type { Broker } from './broker.ts'
import { CLOUD_EVENT, writeEnvelope } from './envelope.ts'
import type { Message } from './message.ts'

/** Where every service receives its events. */
export const EVENTS_PATH = '/holdfast/events'

/** An acknowledgement is empty and a problem document is short. */
const ANSWER_BYTES_MAX = 65_536

/** Delivers by HTTP, one message a request. */
export function httpPush(site: Site): Broker {
  return {
    async deliver(target, message, timeoutMs) {
      const late = (): HoldfastError =>
        new HoldfastError('HF_CALL_TIMEOUT', {
          edge: message.edge,
          detail: `${target} did not acknowledge ${message.event} within ${timeoutMs} ms`,
        })
      const origin = site.resolve(target)
      const timed = withDeadline(site.world.timers, timeoutMs, late)
      try {
        const request = requestOf(site.service.name, message, timeoutMs, timed.signal)
        const answer = await site.world.network.send(origin, request)
        if (answer.status < 200 || answer.status > 299) throw failureOf(message, target, answer)
      } catch (error) {
        throw timed.signal.aborted ? late() : error
      } finally {
        timed.release()
      }
    },
  }
}

function requestOf(
  caller: string,
  message: Message,
  timeoutMs: number,
  signal: AbortSignal,
): OutgoingRequest {
  return {
    method: 'POST',
    path: EVENTS_PATH,
    headers: {
      [header.contentType]: CLOUD_EVENT,
      [header.traceparent]: message.traceparent,
      [header.deadline]: String(timeoutMs),
      [header.caller]: caller,
      [header.attempt]: String(message.attempt),
    },
    body: writeEnvelope(message, caller),
    signal,
    answerBytesMax: ANSWER_BYTES_MAX,
  }
}

function failureOf(message: Message, target: string, answer: WireResponse): HoldfastError {
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
