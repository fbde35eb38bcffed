/**
 * The identity of a request across services: W3C trace context, without any vendor.
 *
 * @see https://www.w3.org/TR/trace-context/ version 00.
 */
import { type Random, randomHex } from '#world'

/** Where a piece of work stands in its trace. Both ids are lower-case hexadecimal. */
export interface Trace {
  readonly traceId: string
  readonly spanId: string
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/

/** The trace in a `traceparent` header, or `undefined` if it is absent or malformed. */
export function parseTraceparent(header: string | undefined): Trace | undefined {
  const [, traceId, spanId] = TRACEPARENT.exec(header ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? undefined : { traceId, spanId }
}

/** The header that carries the trace on. */
export function formatTraceparent(trace: Trace): string {
  return `00-${trace.traceId}-${trace.spanId}-01`
}

/** A trace that begins here. */
export function newTrace(random: Random): Trace {
  return { traceId: randomHex(random, 16), spanId: randomHex(random, 8) }
}

/** A new span in the same trace; a new trace where there was none. */
export function childTrace(random: Random, parent: Trace | undefined): Trace {
  return parent === undefined
    ? newTrace(random)
    : { traceId: parent.traceId, spanId: randomHex(random, 8) }
}
