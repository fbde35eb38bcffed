/**
 * The hops that refuse what a service cannot or need not serve: too often, too much, too many. All of
 * them stand above the body, so that a refusal costs a few microseconds and promises that nothing was
 * done.
 */
import { HoldfastError } from '#errors'
import { RateLimit } from '#policy'
import { levelIn } from './criticality.ts'
import { askedIn, type Entrance, type Way } from './hop.ts'

/** Requests inside one process, whatever they wait for: the bound of its memory, not of its work. */
const INSIDE_MAX = 256

/** Refuses a caller that asks more often than its quota allows. */
export function quota(next: Way, { site }: Entrance): Way {
  const { quota: declared } = site.service
  if (declared === undefined) return next
  const rate = new RateLimit(declared)
  const { clock } = site.world
  return async (incoming) => {
    const taken = rate.take(incoming.caller, clock.monotonicMs())
    if (taken.isAllowed) return next(incoming)
    throw new HoldfastError('HF_QUOTA_EXCEEDED', {
      detail: `${incoming.caller} may ask ${declared.perSecond} times a second, ${declared.burst} at once`,
      retryAfterMs: taken.retryAfterMs,
      advice: 'later',
    })
  }
}

/** Under overload lets in the share that can be served, the important first. */
export function admission(next: Way, { site, pressure }: Entrance): Way {
  const { clock, random } = site.world
  const draw = (): number => random.float()
  return async (incoming) => {
    const nowMs = clock.monotonicMs()
    const level = levelIn(incoming.criticality, incoming.trace.traceId)
    const door = pressure.admission
    const leftMs = incoming.deadline.remainingMs()
    if (!door.arrive({ level, nowMs, oldestWaitMs: pressure.stallMs(nowMs), leftMs }, draw)) {
      throw new HoldfastError('HF_OVERLOADED', {
        detail: `work waits longer than ${Math.round(door.targetMs())} ms, so ${Math.round(100 * door.share())} % of it is let in, and this is ${incoming.criticality}`,
        advice: 'elsewhere',
      })
    }
    const stay = pressure.enter(askedIn(incoming).name)
    try {
      return await next({ ...incoming, stay })
    } finally {
      pressure.leave(stay)
    }
  }
}

/** Bounds what one process holds. */
export function limit(next: Way, { gate }: Entrance): Way {
  return async (incoming) => {
    if (gate.inside <= INSIDE_MAX) return next(incoming)
    throw new HoldfastError('HF_OVERLOADED', {
      detail: `${INSIDE_MAX} requests are inside, which is the limit of one process`,
      advice: 'elsewhere',
    })
  }
}
