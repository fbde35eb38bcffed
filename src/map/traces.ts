/**
 * The map of a system that was only seen: services and measured arrows, from the spans of its traces.
 *
 * Promise: nothing is declared here, so nothing is promised: every number was measured, and how often
 * it was measured stands beside it. Holdfast need not be in the system.
 *
 * Intuition: a call is a `client` span, and the `server` span under it says who answered. Where one of
 * the two is missing, somebody did not report: the arrow is drawn to the name that the other side knew,
 * as a _ghost_. Nobody writes down that a call is a second attempt, unless the client does
 * (`http.request.resend_count`); else a call counts as one if a call by the same parent over the same
 * arrow had failed before it began.
 *
 * Invariants:
 *   T1. The same spans give the same map, whatever their order in the file.
 *   T2. At most `ARROWS_MAX` arrows are kept; the calls over the others are counted in `dropped`.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/
 */
import { Histogram } from './histogram.ts'
import type { Spread } from './observation.ts'
import type { Export, Span } from './otlp.ts'
import { peerOf, type Sighting, sightingsOf } from './sighting.ts'

/** An arrow that was seen. */
export interface SeenArrow extends Spread {
  readonly source: string
  readonly target: string
  readonly operation: string
  readonly kind: 'call' | 'event'
  /** Which end did not report; `undefined` if both did. */
  readonly ghost: 'source' | 'target' | undefined
  readonly failed: number
  /** Attempts for each call that somebody wanted; 1 if none was repeated. */
  readonly attemptsMean: number
}

/** What the traces of a system add up to. */
export interface TraceMap {
  readonly services: readonly string[]
  /** The most used first. */
  readonly arrows: readonly SeenArrow[]
  /** The most calls that stood on each other, and by whom. */
  readonly depth: { readonly calls: number; readonly way: readonly string[] }
  readonly traces: number
  readonly spans: number
  /** Spans without an id or a time. */
  readonly broken: number
  readonly dropped: number
}

const ARROWS_MAX = 20_000

/** The map of what was exported. */
export function traceMapOf({ spans, broken }: Export): TraceMap {
  const ordered = spans.toSorted((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1))
  const byId = new Map(ordered.map((each) => [each.id, each]))
  const tallies = new Map<string, Tally>()
  let dropped = 0
  for (const each of sightingsOf(ordered, byId)) {
    const name = [each.kind, each.source, each.target, each.operation].join('\0')
    const known = tallies.get(name)
    if (known === undefined && tallies.size >= ARROWS_MAX) dropped += 1
    else tallies.set(name, (known ?? new Tally(each)).count(each))
  }
  return {
    services: [...new Set(ordered.map(({ service }) => service))].toSorted(),
    arrows: [...tallies.values()].map((each) => each.arrow()).toSorted(byUse),
    depth: depthOf(ordered, byId),
    traces: new Set(ordered.map(({ traceId }) => traceId)).size,
    spans: spans.length,
    broken,
    dropped,
  }
}

function byUse(a: SeenArrow, b: SeenArrow): number {
  return b.count - a.count || (nameOf(a) < nameOf(b) ? -1 : 1)
}

function nameOf({ source, target, operation }: SeenArrow): string {
  return `${source}>${target}.${operation}`
}

class Tally {
  readonly #first: Sighting
  readonly #took = new Histogram()
  /** When the calls of each parent that failed had ended: whoever begins later tries again. */
  readonly #failedUntilMs = new Map<string, number>()
  #failed = 0
  #repeated = 0

  constructor(first: Sighting) {
    this.#first = first
  }

  count(seen: Sighting): this {
    const { tookMs, isFailed, parent, startMs, resend } = seen
    this.#took.add(tookMs)
    const isAfterFailure = startMs >= (this.#failedUntilMs.get(parent) ?? Infinity)
    if (resend === undefined ? isAfterFailure : resend > 0) this.#repeated += 1
    if (isAfterFailure) this.#failedUntilMs.delete(parent)
    if (!isFailed) return this
    this.#failed += 1
    if (parent !== '') this.#failedUntilMs.set(parent, startMs + tookMs)
    return this
  }

  arrow(): SeenArrow {
    const { source, target, operation, kind, ghost } = this.#first
    const { count } = this.#took
    return {
      source,
      target,
      operation,
      kind,
      ghost,
      count,
      p50Ms: this.#took.quantile(0.5),
      p99Ms: this.#took.quantile(0.99),
      worstMs: this.#took.worst,
      failed: this.#failed,
      // A file may begin in the middle of a call: its retries are there, its first attempt is not.
      attemptsMean: count / Math.max(1, count - this.#repeated),
    }
  }
}

/** At most so many spans are walked up from one: a file may hold a circle. */
const STEPS_MAX = 200

function depthOf(spans: readonly Span[], byId: ReadonlyMap<string, Span>): TraceMap['depth'] {
  const answered = new Set(spans.flatMap(({ kind, parent }) => (kind === 'server' ? [parent] : [])))
  let deepest: readonly string[] = []
  for (const each of spans) {
    if (each.kind !== 'server' && each.kind !== 'client') continue
    // Who was called and did not report stands at the end of the way all the same.
    const isLost = each.kind === 'client' && !answered.has(each.id)
    const way = [...wayTo(each, byId), ...(isLost ? [peerOf(each)] : [])]
    if (way.length > deepest.length) deepest = way
  }
  return { calls: Math.max(0, deepest.length - 1), way: deepest }
}

/** The services that wait for a span, outermost first, and itself. A message ends the way: nobody waits. */
function wayTo(span: Span, byId: ReadonlyMap<string, Span>): readonly string[] {
  const way = [span.service]
  let here = span
  for (let steps = 0; steps < STEPS_MAX && here.kind !== 'consumer'; steps += 1) {
    const parent = here.parent === undefined ? undefined : byId.get(here.parent)
    if (parent === undefined) break
    if (here.kind === 'server' && (parent.service !== here.service || parent.kind === 'client'))
      way.push(parent.service)
    here = parent
  }
  return way.toReversed()
}
