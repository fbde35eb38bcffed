/**
 * The words of the incoming pipeline: one request on its way in, and what it learns on that way.
 */
import { Deadline } from '#clock'
import { assert } from '#errors'
import { childTrace, parseTraceparent, type Trace } from '#observe'
import type { Criticality } from '#model'
import type { IncomingRequest } from '#world'
import type { Site } from '../site.ts'
import type { Calls } from './caller.ts'
import { readCriticality } from './criticality.ts'
import type { Gate } from './gate.ts'
import type { Pressure, Stay } from './pressure.ts'
import type { Reply } from './problem.ts'
import type { Asked, Route, Router } from './route.ts'
import { DEADLINE_MS_MAX, header, readCaller } from './wire.ts'

/** What the hops share: the site, and the few things that outlive one request. */
export interface Entrance {
  readonly site: Site
  readonly router: Router
  readonly gate: Gate
  readonly pressure: Pressure
  /** The service's own calls to its neighbours. */
  readonly neighbours: Calls
}

/** One request on its way in; each hop hands a fuller copy to the next. */
export interface Incoming {
  readonly request: IncomingRequest
  readonly trace: Trace
  readonly route: Route
  /** Who says that he calls. */
  readonly caller: string
  readonly deadline: Deadline
  /** How much it matters, as the caller says. Inherited by what the work calls. */
  readonly criticality: Criticality
  /** Its signal aborts at the deadline, or when the caller went away; it is made for who asks for it. */
  readonly timed: { readonly signal: AbortSignal }
  /** Its place among those who were let in; from `admission` on. */
  readonly stay: Stay | undefined
  /** As JSON says it; from `input` on, as the schema reads it. */
  readonly input: unknown
  /** The idempotency key, or `undefined` if the operation has none. */
  readonly key: string | undefined
  /** What the neighbours answered. The one note that all hops of a request share. */
  readonly heard: { isDegraded: boolean }
}

/** The rest of the way. */
export type Way = (incoming: Incoming) => Promise<Reply>

/** One place in the list. `why` says what breaks if it stood elsewhere. */
export interface Hop {
  readonly name: string
  readonly why: string
  readonly stage: (next: Way, entrance: Entrance) => Way
}

/** Composes hops so that the first is outermost. */
export function reduceHops(hops: readonly Hop[], entrance: Entrance): Way {
  return hops.reduceRight<Way>((next, { stage }) => stage(next, entrance), pastTheEnd)
}

function pastTheEnd(): Promise<never> {
  assert(false, 'the last hop of a request answers it')
}

/** A request as it arrives. Reads what every later hop wants to know, and refuses nothing. */
export function arrive({ site, router }: Entrance, request: IncomingRequest): Incoming {
  const { clock, random } = site.world
  const { headers, method, path } = request
  return {
    request,
    trace: childTrace(random, parseTraceparent(headers[header.traceparent])),
    route: router(method, path),
    // A claim, not a proof: it separates the keys of callers that are honest. Where callers are
    // authenticated, the name in the certificate of mutual TLS takes its place.
    caller: readCaller(headers[header.caller]),
    deadline: Deadline.in(clock, DEADLINE_MS_MAX),
    criticality: readCriticality(headers[header.criticality]),
    timed: request,
    stay: undefined,
    input: undefined,
    key: undefined,
    heard: { isDegraded: false },
  }
}

/** The operation that was asked for. Only for hops below `route`. */
export function askedIn({ route }: Incoming): Asked {
  assert(route.kind === 'operation', 'only a request for an operation passes `route`')
  return route.asked
}
