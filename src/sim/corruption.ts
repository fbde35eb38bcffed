/**
 * An answer that arrives as nobody sent it.
 *
 * Intuition: checksums catch flipped bits, so what really arrives broken was broken by a machine on the
 * way that means well: a proxy that answers in the callee's place, a cache that stored half of it, a
 * gateway that took bytes for text. All of them can be noticed by whoever looks, and so it is here: a
 * number that became another number would accuse everybody.
 *
 * Invariants:
 *   B1. What arrives is not JSON; if it has no body, it is a proxy's.
 */
import type { WireResponse } from '#world'

const HTML = '<html><body><h1>502 Bad Gateway</h1></body></html>'

/** What a proxy says that lost its connection, whatever the callee has done. */
const OF_PROXY: WireResponse = {
  status: 502,
  headers: { 'content-type': 'text/html' },
  body: new TextEncoder().encode(HTML),
}

/** A byte that begins neither JSON nor any other UTF-8. */
const NO_BYTE = 0xff

/** Half of an object, an array or a string is none. */
const HALVABLE = new Set(['{', '[', '"'].map((each) => each.charCodeAt(0)))

/** The answer, spoilt in one of three ways. `at` is in [0, 1). */
export function corrupted({ status, headers, body }: WireResponse, at: number): WireResponse {
  const [first] = body
  if (first === undefined || at < 1 / 3) return OF_PROXY
  if (at < 2 / 3 && HALVABLE.has(first)) {
    return { status, headers, body: body.slice(0, body.length / 2) }
  }
  return { status, headers, body: Uint8Array.from([NO_BYTE, ...body.slice(1)]) }
}
