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
  type Outgoing,
  type Step,
} from './arrow.ts'
import type { Waiter } from './neighbour.ts'

/** A success that took more than this share of the attempt's time nearly was a timeout. */
const SLOW_SHARE = 0.9

/** Does not send while most calls fail. */
export function breaker(arrow: Arrow): Step | undefined {
  const { breaker: circuit, draw } = arrow
  if (circuit === undefined) return undefined
  return {
    out: (call) => {
      call.permit = circuit.tryAcquire(call.attemptBeganMs, draw)
      if (call.permit !== undefined) return undefined
      return opened(arrow, call, circuit.retryAfterMs(call.attemptBeganMs))
    },
    back: ({ permit, attemptBeganMs, attemptDeadline }, ending, nowMs) => {
      if (permit === undefined) return
      const verdict =
        ending === undefined ? 'ignored' : outcomeMeanings[classOfEnding(ending)].circuit
      const allowedMs = attemptDeadline.atMs - attemptBeganMs
      const isSlow = verdict === 'success' && nowMs - attemptBeganMs > allowedMs * SLOW_SHARE
      circuit.record(permit, isSlow ? 'slow' : verdict, nowMs, draw)
    },
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
export function bulkhead(arrow: Arrow): Step {
  const { bulkhead: slots } = arrow.neighbour
  const { clock } = arrow.caller.world
  return {
    out: (call) => (slots.tryEnter() ? undefined : lineUp(arrow, call)),
    back: ({ running }, _ending, nowMs) => {
      if (running === undefined) slots.leave(nowMs)?.wake()
      else void running.then(() => slots.leave(clock.monotonicMs())?.wake())
    },
  }
}

async function lineUp(arrow: Arrow, call: Outgoing): Promise<Ending | undefined> {
  if (await queued(arrow, call)) return undefined
  const { inFlightMax, queueMax } = arrow.reference.policy.edge.bulkhead
  const detail = `${inFlightMax} are under way and up to ${queueMax} wait, which is the limit`
  return failed(arrow, call, 'HF_BULKHEAD_FULL', { detail, class: 'local' })
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
export function endpoint(arrow: Arrow): Step {
  const { neighbour, caller } = arrow
  const { target } = arrow.reference
  return {
    out: (call) => {
      let found: string | readonly string[]
      try {
        found = caller.resolve(target)
      } catch (error) {
        if (isHoldfastError(error)) return failedBy(arrow, call, error)
        throw error
      }
      call.endpoint = undefined
      if (typeof found === 'string' && !neighbour.hasChoice) {
        call.origin = found
        return undefined
      }
      neighbour.update(typeof found === 'string' ? [found] : found)
      return chosen(arrow, call)
    },
    back: (call, ending, nowMs) => {
      if (call.endpoint !== undefined) judge(arrow, call, call.endpoint, ending, nowMs)
    },
  }
}

function chosen(arrow: Arrow, call: Outgoing): Ending | undefined {
  const { neighbour, caller, draw, reference } = arrow
  const picked = neighbour.pick(call.tried, draw)
  if (picked === undefined) {
    const detail = `${reference.target} has no endpoint`
    return failed(arrow, call, 'HF_CALL_NOT_SENT', { detail })
  }
  call.endpoint = picked
  call.endpointBeganMs = caller.world.clock.monotonicMs()
  call.origin = picked.id
  call.tried.push(picked.id)
  picked.begin()
  return undefined
}

function judge(
  { neighbour, caller, draw, reference }: Arrow,
  { endpointBeganMs: beganMs }: Outgoing,
  picked: Endpoint,
  ending: Ending | undefined,
  nowMs: number,
): void {
  const said = ending === undefined ? 'ignored' : heldAgainst(ending)
  const isFailure = said === 'failure' || said === 'penalty'
  const verdict = said === 'success' ? said : isFailure ? 'failure' : 'interrupted'
  const retryAfterMs = ending !== undefined && 'error' in ending ? ending.error.retryAfterMs : 0
  picked.end({ verdict, tookMs: nowMs - beganMs, nowMs, retryAfterMs: retryAfterMs ?? 0 })
  if (wasUnreachable(ending)) caller.unreachable?.(reference.target)
  if (said === 'success' || said === 'failure') neighbour.judge(picked.id, said, beganMs, draw)
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
