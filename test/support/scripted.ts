/**
 * A provider that answers by a script, and a program that calls it, in a world that the test moves.
 */
import { standaloneCaller } from '#edge'
import { HoldfastError } from '#errors'
import type { Call } from '#model'
import type { Fact } from '#observe'
import type { WireHandler, WireResponse } from '#world'
import { ManualWorld } from './manual-world.ts'

/** Where the provider listens. */
export const ORIGIN = 'http://payments:1'
/** An order that is paid for. */
export const charge = { orderId: 'o1', cents: 500 }

/** One step for each request; the last one answers all that follow. */
export async function scripted(...script: readonly WireHandler[]): Promise<{
  readonly world: ManualWorld
  readonly call: Call
  readonly facts: readonly Fact[]
}> {
  const world = new ManualWorld()
  const facts: Fact[] = []
  const steps = [...script]
  await world.network.listen({ host: 'payments', port: 1 }, (request) => {
    const step = (steps.length > 1 ? steps.shift() : steps[0]) ?? silence
    return step(request)
  })
  const call = standaloneCaller({
    world,
    resolve: () => ORIGIN,
    observe: (fact) => facts.push(fact),
    name: 'orders',
  })
  return { world, call, facts }
}

/** An answer in JSON. */
export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): WireHandler {
  return async () => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: new TextEncoder().encode(JSON.stringify(value)),
  })
}

/** An answer that is a problem document. */
export function problem(
  status: number,
  value: object,
  headers: Record<string, string> = {},
): WireHandler {
  return json(status, value, { 'content-type': 'application/problem+json', ...headers })
}

/** Never answers. */
export const silence: WireHandler = () => new Promise<WireResponse>(() => {})

/** Acts, perhaps, and its answer is lost. */
export const lost: WireHandler = () => {
  throw new HoldfastError('HF_CALL_LOST', { detail: 'the connection broke' })
}

/** Cannot be reached. */
export const notSent: WireHandler = () => {
  throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'connection refused' })
}
