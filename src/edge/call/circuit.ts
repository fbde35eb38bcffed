/**
 * The stages of an attempt that may end it before anything is sent: the circuit, the bulkhead, the
 * choice of an endpoint. Each gives back what it took, however the attempt ends.
 *
 * Invariants:
 *   L1. Every permit, slot and pick is given back once, also where a stage below throws.
 *   L2. What is stopped here is `local`: it is held against nobody, and nothing was sent.
 */
import { isHoldfastError } from '#errors'
import { type Endpoint, outcomeMeanings } from '#policy'
import {
  type Arrow,
  classOfEnding,
  type Ending,
  failed,
  failedBy,
  type Next,
  type Outgoing,
} from './arrow.ts'
import type { Waiter } from './neighbour.ts'

/** A success that took more than this share of the attempt's time nearly was a timeout. */
const SLOW_SHARE = 0.9

/** Does not send while most calls fail. */
export function breaker(next: Next, arrow: Arrow): Next {
  const { breaker: circuit, draw } = arrow
  if (circuit === undefined) return next
  const { clock } = arrow.caller.world
  return async (call) => {
    const beganMs = clock.monotonicMs()
    const allowedMs = call.attemptDeadline.remainingMs()
    const permit = circuit.tryAcquire(beganMs, draw)
    if (permit === undefined) return opened(arrow, call, circuit.retryAfterMs(beganMs))
    let verdict: Parameters<typeof circuit.record>[1] = 'ignored'
    try {
      const ending = await next(call)
      verdict = outcomeMeanings[classOfEnding(ending)].circuit
      const tookMs = clock.monotonicMs() - beganMs
      if (verdict === 'success' && tookMs > allowedMs * SLOW_SHARE) verdict = 'slow'
      return ending
    } finally {
      circuit.record(permit, verdict, clock.monotonicMs(), draw)
    }
  }
}

function opened(arrow: Arrow, call: Outgoing, retryAfterMs: number): Ending {
  const detail =
    retryAfterMs > 0
      ? `too many calls failed; it tries itself out in ${Math.ceil(retryAfterMs)} ms`
      : 'it is trying itself out, and this call is one too many'
  return failed(arrow, call, 'HF_CIRCUIT_OPEN', { detail, retryAfterMs, class: 'local' })
}

/** Holds a slot of the edge for as long as the transport works for the attempt. */
export function bulkhead(next: Next, arrow: Arrow): Next {
  const { bulkhead: slots } = arrow.neighbour
  const { clock } = arrow.caller.world
  const { inFlightMax, queueMax } = arrow.reference.policy.edge.bulkhead
  const full = `${inFlightMax} are under way and up to ${queueMax} wait, which is the limit`
  return async (call) => {
    if (!slots.tryEnter() && !(await queued(arrow, call)))
      return failed(arrow, call, 'HF_BULKHEAD_FULL', { detail: full, class: 'local' })
    try {
      return await next(call)
    } finally {
      slots.leave(clock.monotonicMs())?.wake()
    }
  }
}

/** Waits for a slot. False if there was none in time, or nobody waits for this attempt any more. */
async function queued({ caller, neighbour }: Arrow, call: Outgoing): Promise<boolean> {
  const { bulkhead: slots } = neighbour
  const { clock, timers } = caller.world
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const waiter: Waiter = { wake: () => resolve(true) }
  const remainingMs = call.attemptDeadline.remainingMs()
  if (call.signal?.aborted === true) return false
  const waitMs = slots.tryQueue(waiter, { nowMs: clock.monotonicMs(), remainingMs })
  if (waitMs === undefined) return false
  const giveUp = (): void => {
    slots.abandon(waiter)
    // Has no effect after `wake`: then the slot is ours, and the stage above gives it back.
    resolve(false)
  }
  const cancel = timers.after(waitMs, giveUp)
  call.signal?.addEventListener('abort', giveUp, { once: true })
  try {
    return await promise
  } finally {
    cancel()
    call.signal?.removeEventListener('abort', giveUp)
  }
}

/** Chooses where the attempt goes, and remembers how it went there. */
export function endpoint(next: Next, arrow: Arrow): Next {
  const { neighbour, caller, draw } = arrow
  const { target } = arrow.reference
  return async (call) => {
    let found: string | readonly string[]
    try {
      found = caller.resolve(target)
    } catch (error) {
      if (isHoldfastError(error)) return failedBy(arrow, call, error)
      throw error
    }
    if (typeof found === 'string' && !neighbour.hasChoice) return next({ ...call, origin: found })
    neighbour.update(typeof found === 'string' ? [found] : found)
    const picked = neighbour.pick(call.tried, draw)
    if (picked !== undefined) return through(next, arrow, call, picked)
    return failed(arrow, call, 'HF_CALL_NOT_SENT', { detail: `${target} has no endpoint` })
  }
}

async function through(
  next: Next,
  { neighbour, caller, draw, reference: { target } }: Arrow,
  call: Outgoing,
  picked: Endpoint,
): Promise<Ending> {
  const { clock } = caller.world
  const beganMs = clock.monotonicMs()
  let ending: Ending | undefined
  picked.begin()
  call.tried.push(picked.id)
  try {
    ending = await next({ ...call, origin: picked.id })
    return ending
  } finally {
    const nowMs = clock.monotonicMs()
    const said = ending === undefined ? 'ignored' : heldAgainst(ending)
    const verdict =
      said === 'success'
        ? said
        : said === 'failure' || said === 'penalty'
          ? 'failure'
          : 'interrupted'
    const retryAfterMs = ending !== undefined && 'error' in ending ? ending.error.retryAfterMs : 0
    picked.end({ verdict, tookMs: nowMs - beganMs, nowMs, retryAfterMs: retryAfterMs ?? 0 })
    if (wasUnreachable(ending)) caller.unreachable?.(target)
    if (said === 'success' || said === 'failure') neighbour.judge(picked.id, said, beganMs, draw)
  }
}

/** True if the endpoint took no connection: then perhaps it is not there any more. */
function wasUnreachable(ending: Ending | undefined): boolean {
  return ending !== undefined && 'error' in ending && ending.error.code === 'HF_CALL_NOT_SENT'
}

/** What an ending says about the endpoint. A key that another request holds says nothing. */
function heldAgainst(ending: Ending): 'success' | 'failure' | 'penalty' | 'latency' | 'ignored' {
  if ('error' in ending && ending.error.code === 'HF_KEY_BUSY') return 'ignored'
  return outcomeMeanings[classOfEnding(ending)].endpoint
}
