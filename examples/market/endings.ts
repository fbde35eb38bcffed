/**
 * How an order ended, as its customer sees it: by looking, now and then.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

const Seen = z.object({ status: z.enum(['pending', 'paid', 'rejected']) })

/** `stuck`: still pending, or nobody answered, when the signal aborted. */
export type Ending = 'paid' | 'rejected' | 'stuck'

const LOOK_EVERY_MS = 200
const LOOK_MS_MAX = 5_000

/** Looks until the order has ended or the signal aborts. Never rejects. */
export async function ending(
  origin: string,
  orderId: string,
  signal: AbortSignal,
): Promise<Ending> {
  while (!signal.aborted) {
    const status = await look(origin, orderId, signal)
    if (status === 'paid' || status === 'rejected') return status
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  return 'stuck'
}

async function look(
  origin: string,
  orderId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const response = await fetch(new URL(`/orders/${orderId}`, origin), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS_MAX)]),
    })
    return Seen.safeParse(await response.json()).data?.status
  } catch {
    // Nobody answered this time; the next look may be luckier.
    return undefined
  }
}
