/**
 * The first half of a handler: what it asks its neighbours, before any transaction is open.
 *
 * Invariants:
 *   Q1. What a neighbour says about itself is not said in this service's name: its "invalid input" is
 *       our bug, its "draining" is not our draining.
 *   Q2. The effect of a failure here is 'none' only if no command of a neighbour was called: what it
 *       did is not undone by our giving up.
 *   Q3. "Do not retry" travels up: who has retried next to the failure spares everybody above it.
 *   Q4. An answer that was made from a degraded answer says so, and so does the one made from that.
 */
import { catalogue, type Code, type Effect, HoldfastError, isHoldfastError } from '#errors'
import type { Handler } from '#model'
import type { Entrance, Incoming } from './hop.ts'

/** What `ask` found out; `undefined` if the handler asks nothing. */
export async function ask(
  { neighbours }: Entrance,
  { input, timed, heard }: Incoming,
  handler: Handler<never, never, unknown>,
): Promise<unknown> {
  if (handler.ask === undefined) return undefined
  const { signal } = timed
  let hasCommanded = false
  const call = neighbours.within(signal, {
    onCommand: () => {
      hasCommanded = true
    },
    onDegraded: () => {
      heard.isDegraded = true
    },
  })
  try {
    // The handler was declared for this operation's input, which passed its schema.
    return await handler.ask({ input, call, signal } as never)
  } catch (error) {
    throw failureOf(error, hasCommanded)
  }
}

function failureOf(error: unknown, hasCommanded: boolean): HoldfastError {
  const known = isHoldfastError(error) ? error : undefined
  const effect: Effect = hasCommanded ? 'unknown' : (known?.effect ?? 'none')
  const code = known === undefined ? 'HF_HANDLER_FAILED' : ownCode(known.code)
  return new HoldfastError(code, {
    detail: known?.message ?? 'it threw while it asked its neighbours',
    effect,
    cause: error,
    advice: known?.advice,
    ...(known?.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }),
  })
}

/** How this service says what happened to it when a neighbour answered with `code`. */
function ownCode(code: Code): Code {
  const { status } = catalogue[code]
  if (status === 500 || status === 400) return 'HF_HANDLER_FAILED'
  if (code.startsWith('HF_CALL_') || code === 'HF_DEADLINE_EXHAUSTED') return code
  return status === 409 || status === 429 || status >= 502 ? 'HF_CALL_FAILED' : 'HF_HANDLER_FAILED'
}
