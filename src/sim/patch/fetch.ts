/**
 * `fetch` over the simulated network, for code that calls its neighbours by itself.
 */
import { withDeadline } from '#world'
import { type Actor, currentActor, never } from '../actor.ts'
import type { Patch } from './install.ts'

const realFetch = globalThis.fetch

/** The largest answer that a program's own `fetch` gets, in bytes. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** How long Node's own `fetch` waits for the head of an answer, in ms. */
const ANSWER_MS_MAX = 300_000

/** Statuses whose answers cannot have a body. */
const WITHOUT_BODY = new Set([101, 204, 205, 304])

/** What is replaced, and by what. */
export function fetchPatches(): readonly Patch[] {
  return [{ target: globalThis, key: 'fetch', value: simulatedFetch }]
}

async function simulatedFetch(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const actor = currentActor()
  if (actor === undefined) return realFetch(input, init)
  if (actor.isDead) return never()
  return send(actor, new Request(input, init))
}

async function send(actor: Actor, request: Request): Promise<Response> {
  const { origin, pathname, search } = new URL(request.url)
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
  const late = (): Error => new Error(`no answer within ${ANSWER_MS_MAX} ms`)
  const timed = withDeadline(actor.world.timers, ANSWER_MS_MAX, late, request.signal)
  try {
    const {
      status,
      headers,
      body: bytes,
    } = await actor.world.network.send(origin, {
      method: request.method,
      path: pathname + search,
      headers: Object.fromEntries(request.headers),
      body,
      signal: timed.signal,
      answerBytesMax: ANSWER_BYTES_MAX,
    })
    const content = WITHOUT_BODY.has(status) ? null : Uint8Array.from(bytes)
    return new Response(content, { status, headers: { ...headers } })
  } catch (cause) {
    if (request.signal.aborted) throw request.signal.reason
    // What Node's own fetch throws, whatever it was.
    throw new TypeError('fetch failed', { cause })
  } finally {
    timed.release()
  }
}
