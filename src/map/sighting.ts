/**
 * What one span says about an arrow: a call or an event, between whom, and how it went.
 *
 * Invariants:
 *   G1. A call is seen once, by its caller; by its callee only where the caller did not report it.
 *   G2. A request from outside, with no parent at all, is no arrow between services.
 */
import type { Span } from './otlp.ts'

/** One call or delivery. */
export interface Sighting {
  readonly kind: 'call' | 'event'
  readonly source: string
  readonly target: string
  readonly operation: string
  readonly ghost: 'source' | 'target' | undefined
  readonly startMs: number
  /** Of an event: how long it was on its way. */
  readonly tookMs: number
  readonly isFailed: boolean
  /** The span that wanted it; empty if unknown. */
  readonly parent: string
  /** How many attempts came before it, if the client says so. */
  readonly resend: number | undefined
}

/** The sightings in the spans, in their order. */
export function* sightingsOf(
  spans: readonly Span[],
  byId: ReadonlyMap<string, Span>,
): Generator<Sighting> {
  const answeredBy = new Map<string, Span>()
  for (const each of spans) {
    if (each.kind === 'server' && each.parent !== undefined) answeredBy.set(each.parent, each)
  }
  for (const each of spans) {
    const seen = sightingOf(each, byId, answeredBy.get(each.id))
    if (seen !== undefined) yield seen
  }
}

function sightingOf(
  span: Span,
  byId: ReadonlyMap<string, Span>,
  answer: Span | undefined,
): Sighting | undefined {
  if (span.kind === 'client') return asked(span, answer)
  if (span.kind === 'server') return answered(span, byId)
  return span.kind === 'consumer' ? heard(span, byId) : undefined
}

function asked(span: Span, answer: Span | undefined): Sighting {
  return {
    ...of(span),
    kind: 'call',
    source: span.service,
    target: answer?.service ?? peerOf(span),
    operation: operationOf(answer ?? span),
    ghost: answer === undefined ? 'target' : undefined,
  }
}

/** Only where no `client` span told of it: a proxy, or a caller that reports nothing. */
function answered(span: Span, byId: ReadonlyMap<string, Span>): Sighting | undefined {
  if (span.parent === undefined) return undefined
  const caller = byId.get(span.parent)
  if (caller?.kind === 'client' || caller?.service === span.service) return undefined
  return {
    ...of(span),
    kind: 'call',
    source: caller?.service ?? 'somebody',
    target: span.service,
    operation: operationOf(span),
    ghost: caller === undefined ? 'source' : undefined,
  }
}

/** A message is joined to its sending by a link or as its child. */
function heard(span: Span, byId: ReadonlyMap<string, Span>): Sighting {
  const causes = [...span.links, ...(span.parent === undefined ? [] : [span.parent])]
  const sent = causes.map((id) => byId.get(id)).find((each) => each !== undefined)
  return {
    ...of(span),
    kind: 'event',
    source: sent?.service ?? 'somebody',
    target: span.service,
    operation: operationOf(span),
    ghost: sent === undefined ? 'source' : undefined,
    // The two clocks are those of two machines: a message that arrives before it left took no time.
    tookMs: sent === undefined ? 0 : Math.max(0, span.startMs - sent.endMs),
  }
}

function of(span: Span): Pick<Sighting, 'startMs' | 'tookMs' | 'isFailed' | 'parent' | 'resend'> {
  const resend = span.attributes.get('http.request.resend_count')
  return {
    startMs: span.startMs,
    tookMs: span.endMs - span.startMs,
    isFailed: span.isFailed,
    parent: span.parent ?? '',
    resend: typeof resend === 'number' ? resend : undefined,
  }
}

/** What the caller called it, by the newest word of the conventions first. */
const PEERS = ['peer.service', 'server.address', 'net.peer.name', 'db.system.name', 'db.system']

/** The name that a caller had for whom it called. */
export function peerOf({ attributes }: Span): string {
  const named = PEERS.map((each) => attributes.get(each)).find((each) => each !== undefined)
  return String(named ?? 'somebody')
}

/** A route and not a path, where the span knows it: paths would make an arrow of every order. */
function operationOf({ name, attributes }: Span): string {
  const route = attributes.get('http.route')
  const destination = attributes.get('messaging.destination.name')
  if (destination !== undefined) return String(destination)
  const method = attributes.get('http.request.method') ?? attributes.get('http.method')
  if (route === undefined) return name
  return method === undefined ? String(route) : `${method} ${route}`
}
