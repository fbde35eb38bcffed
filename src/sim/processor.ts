/**
 * What work costs, so that a service can have more of it than it can do.
 *
 * Intuition: an event takes no time, so a simulated process could serve a million requests in an
 * instant, and nothing would ever be overloaded. A process with a price has one processor: a request
 * that is taken in and a handler that runs occupy it for a while, and whatever else happens to the
 * process meanwhile stands in line, as in the event loop of Node.
 *
 * Invariants:
 *   C1. Work that costs nothing takes no time, and changes no run.
 *   C2. A process does one piece of work at a time, and what waits for it is done in its order.
 */
import { durationMs, type Duration } from '#clock'
import type { Handler, Service } from '#model'

/** What a service's work costs, in time of its processor. One duration is the cost of a handler. */
export type Cost =
  | Duration
  | {
      /** To take a request in, whatever becomes of it. @defaultValue a twentieth of a handler */
      readonly request?: Duration
      /** One run of a handler: of a command, a query or an event. A plain service has none. */
      readonly handler: Duration
    }

/** The same in microseconds. */
export interface Price {
  readonly requestUs: number
  readonly handlerUs: number
}

/** Work that takes no time. */
export const FREE: Price = { requestUs: 0, handlerUs: 0 }

/** What is refused is parsed, and not much more: the overload study (ADR 0009) measured a twentieth. */
const REQUEST_SHARE = 0.05

/**
 * The price of a declared service. For a plain one, whose handlers nobody can see, a request costs
 * both.
 */
export function priceOf(cost: Cost | undefined, kind: 'declared' | 'plain'): Price {
  if (cost === undefined) return FREE
  const { handler, request } = typeof cost === 'string' ? { handler: cost } : cost
  const handlerUs = durationMs(handler) * 1_000
  const requestUs = request === undefined ? handlerUs * REQUEST_SHARE : durationMs(request) * 1_000
  if (kind === 'declared') return { requestUs, handlerUs }
  return { requestUs: requestUs + handlerUs, handlerUs: 0 }
}

/** The service, with handlers that first occupy the processor. */
export function costly(service: Service, occupy: () => Promise<void>): Service {
  const handlers = Object.entries(service.handlers).map(
    ([name, handler]) => [name, after(occupy, handler)] as const,
  )
  return {
    ...service,
    handlers: Object.fromEntries(handlers),
    subscriptions: service.subscriptions.map((each) => ({
      ...each,
      handler: after(occupy, each.handler),
    })),
  }
}

function after<Subject, Context, Result>(
  occupy: () => Promise<void>,
  { ask, run }: Handler<Subject, Context, Result>,
): Handler<Subject, Context, Result> {
  return {
    ask,
    run: async (context) => {
      await occupy()
      return run(context)
    },
  }
}
