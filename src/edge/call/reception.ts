/**
 * The hops of a request before it is executed: each lets it pass or refuses it, and none has an effect.
 */
import { Deadline } from '#clock'
import { HoldfastError, isHoldfastError } from '#errors'
import { describeIssues } from '#model'
import { formatTraceparent, inContext } from '#observe'
import { withDeadline } from '#world'
import { receive } from '../event/receive.ts'
import { readInput } from './body.ts'
import { askedIn, type Entrance, type Incoming, type Way } from './hop.ts'
import { derivedKey, readKey } from './key.ts'
import { isInternal, problemReply } from './problem.ts'
import { publicIssues, validate } from './validate.ts'
import { header, readDeadlineMs } from './wire.ts'

/** States what was answered, and tells the caller the trace. Events state their own facts. */
export function fact(next: Way, { site }: Entrance): Way {
  const { clock } = site.world
  return async (incoming) => {
    const startedMs = clock.monotonicMs()
    const { code, isReplayed, ...response } = await next(incoming)
    if (incoming.route.kind !== 'events') {
      site.observe({
        fact: 'served',
        service: site.service.name,
        operation: workOf(incoming),
        caller: incoming.caller,
        status: response.status,
        code,
        replayed: isReplayed,
        tookMs: clock.monotonicMs() - startedMs,
        traceId: incoming.trace.traceId,
      })
    }
    const headers = { [header.traceparent]: formatTraceparent(incoming.trace), ...response.headers }
    return { ...response, headers, code, isReplayed }
  }
}

/** `orders.place`. What strangers wrote is no name: it would fill every table of metrics. */
function workOf({ route: found }: Incoming): string {
  return found.kind === 'operation' ? `${found.asked.contract}.${found.asked.name}` : found.kind
}

/** Answers whatever was thrown with a problem document, and states what only the log may hold. */
export function problem(next: Way, { site }: Entrance): Way {
  return async (incoming) => {
    try {
      return await next(incoming)
    } catch (error) {
      const { traceId } = incoming.trace
      const failure = isHoldfastError(error) ? error : unexpected(error)
      if (isInternal(failure.code)) {
        const { name: service } = site.service
        const { code } = failure
        site.observe({ fact: 'failed', service, work: workOf(incoming), code, error, traceId })
      }
      return problemReply(failure, traceId)
    }
  }
}

function unexpected(cause: unknown): HoldfastError {
  return new HoldfastError('HF_HANDLER_FAILED', { detail: 'it threw', cause })
}

/** Refuses what means nothing here. */
export function route(next: Way, { site }: Entrance): Way {
  return async (incoming) => {
    const { request, trace, route: found } = incoming
    if (found.kind === 'operation' || found.kind === 'events') return next(incoming)
    const [pathname = ''] = request.path.split('?', 1)
    const asked = `${request.method} ${pathname.slice(0, 200)}`
    if (found.kind === 'unknown') {
      throw new HoldfastError('HF_OPERATION_UNKNOWN', {
        detail: `${site.service.name} has nothing at ${asked}`,
      })
    }
    const detail = `${asked} is not reachable so, but by ${found.allow}`
    const refusal = problemReply(
      new HoldfastError('HF_METHOD_NOT_ALLOWED', { detail }),
      trace.traceId,
    )
    return { ...refusal, headers: { ...refusal.headers, allow: found.allow } }
  }
}

/** Refuses new work while the service stops, and counts the work until it has ended. */
export function drain(next: Way, { gate }: Entrance): Way {
  return async (incoming) => {
    const leave = gate.enter()
    try {
      return await next(incoming)
    } finally {
      leave()
    }
  }
}

/** Hands events over to the event edge. */
export function events(next: Way, { site, gate, neighbours }: Entrance): Way {
  return async (incoming) => {
    if (incoming.route.kind !== 'events') return next(incoming)
    gate.promise(incoming.deadline)
    const response = await receive(site, incoming.request, neighbours)
    return { ...response, code: undefined, isReplayed: false }
  }
}

/** Gives the work its deadline, and the caller an answer when it has passed, or when it would. */
export function deadline(next: Way, { site, gate, pressure }: Entrance): Way {
  const { clock, timers } = site.world
  return async (incoming) => {
    const { request, trace } = incoming
    const ms = readDeadlineMs(request.headers[header.deadline])
    refuseHopeless(ms, pressure.neededMs(askedIn(incoming).name, clock.monotonicMs()))
    const accepted = Deadline.in(clock, ms)
    gate.promise(accepted)
    const { promise: late, reject } = Promise.withResolvers<never>()
    const giveUp = (): HoldfastError => {
      const reason = tooLate(ms)
      reject(reason)
      return reason
    }
    const timed = withDeadline(timers, ms, giveUp, request)
    const { criticality } = incoming
    const context = { trace, deadline: accepted, criticality, work: workOf(incoming) }
    const work = inContext(context, () => next({ ...incoming, deadline: accepted, timed }))
    try {
      // A handler that ignores its signal cannot be stopped, but nobody waits for it longer than this;
      // its transaction has the same deadline.
      return await Promise.race([work, late])
    } finally {
      timed.release()
    }
  }
}

/** Refuses what would be given up before it ended: its work would be taken from those who can wait. */
function refuseHopeless(ms: number, neededMs: number): void {
  if (ms >= neededMs) return
  throw new HoldfastError('HF_DEADLINE_EXHAUSTED', {
    detail: `the caller waits ${ms} ms, and nine of ten such requests need up to ${Math.ceil(neededMs)} ms now`,
    advice: 'never',
  })
}

function tooLate(ms: number): HoldfastError {
  return new HoldfastError('HF_DEADLINE_EXHAUSTED', {
    detail: `the handler did not end within the ${ms} ms that the caller waits`,
    effect: 'unknown',
  })
}

/** Reads what was sent. */
export function body(next: Way): Way {
  return async (incoming) => {
    const params = incoming.route.kind === 'operation' ? incoming.route.params : {}
    return next({ ...incoming, input: await readInput(incoming.request, params) })
  }
}

/** Refuses an input that breaks the contract. */
export function input(next: Way): Way {
  return async (incoming) => {
    const verdict = await validate(askedIn(incoming).input, incoming.input)
    if (verdict.issues === undefined) return next({ ...incoming, input: verdict.value })
    throw new HoldfastError('HF_INPUT_INVALID', {
      detail: describeIssues(verdict.issues),
      particulars: publicIssues(verdict.issues),
    })
  }
}

/** Finds the key of a keyed command. */
export function key(next: Way): Way {
  return async (incoming) => next({ ...incoming, key: keyOf(incoming) })
}

function keyOf(incoming: Incoming): string | undefined {
  const asked = askedIn(incoming)
  const rule = asked.kind === 'query' ? undefined : asked.key
  if (rule === undefined) return undefined
  // Where the contract derives the key, a header cannot replace it: the effect is once per what it says.
  return rule === 'from-caller'
    ? readKey(incoming.request.headers[header.key])
    : derivedKey(rule, incoming.input)
}
