/**
 * Edges, callees and callers for the tests of the defects that users met elsewhere.
 */
import { standaloneCaller } from '#edge'
import type { HoldfastError } from '#errors'
import { type Call, edge } from '#model'
import type { WireHandler } from '#world'
import type { Caller, Ending } from '../../../src/edge/call/arrow.ts'
import { arrowOf } from '../../../src/edge/call/caller.ts'
import { begin } from '../../../src/edge/call/intent.ts'
import { Neighbour } from '../../../src/edge/call/neighbour.ts'
import { compile } from '../../../src/edge/call/outgoing.ts'
import { ManualWorld } from '../../support/manual-world.ts'
import { payments } from '../../support/payments.ts'
import { json, ORIGIN, problem, scripted } from '../../support/scripted.ts'

/** Answers well. */
export const balanced: WireHandler = json(200, { cents: 5 })
/** Fails, and says so. */
export const failing: WireHandler = problem(500, { code: 'HF_HANDLER_FAILED', effect: 'none' })
/** What is asked. */
export const account: { readonly account: string } = { account: 'a' }

/** An outcome of any operation. */
export interface Ended {
  readonly kind: string
  readonly error?: HoldfastError
}

/** How a call ended: the code of its failure, or its kind. */
export const codeOf = ({ kind, error }: Ended): string => error?.code ?? kind

/** Asks so often, one after the other. */
export async function askOften(
  world: ManualWorld,
  count: number,
  ask: () => Promise<Ended>,
): Promise<readonly string[]> {
  const codes: string[] = []
  for (let index = 0; index < count; index += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    codes.push(codeOf(await world.run(ask())))
  return codes
}

/** Answers after so long, and counts how many it works on at once. */
export function working(worldOf: () => ManualWorld, ms: number, then: WireHandler = balanced) {
  const counts = { atOnce: 0, most: 0, asked: 0 }
  const handler: WireHandler = async (request) => {
    counts.asked += 1
    counts.atOnce += 1
    counts.most = Math.max(counts.most, counts.atOnce)
    await new Promise<void>((resolve) => worldOf().timers.after(ms, resolve))
    counts.atOnce -= 1
    return then(request)
  }
  return { counts, handler }
}

/** Several instances of payments. */
export async function instances(...handlers: readonly WireHandler[]): Promise<{
  readonly world: ManualWorld
  readonly call: Call
}> {
  const world = new ManualWorld()
  const origins = handlers.map((_, index) => `http://payments:${index + 1}`)
  for (const [index, handler] of handlers.entries())
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await world.network.listen({ host: 'payments', port: index + 1 }, handler)
  return { world, call: standaloneCaller({ world, resolve: () => origins }) }
}

/** An edge whose callers can leave. */
export async function leavable(
  handler: WireHandler,
  options: Parameters<typeof edge<typeof payments>>[1],
): Promise<{
  readonly world: ManualWorld
  readonly ask: (signal?: AbortSignal) => Promise<Ending>
}> {
  const { world } = await scripted(handler)
  const own = { breaker: false, ...options.ops?.balance }
  const { balance } = edge(payments, { ...options, ops: { balance: own } })
  const caller: Caller = {
    name: 'orders',
    world,
    resolve: () => ORIGIN,
    observe: () => undefined,
    declares: () => true,
    isForeign: () => false,
  }
  const arrow = arrowOf(caller, balance, new Neighbour(balance.policy.edge, world.clock))
  const first = compile(arrow)
  const ask = async (signal?: AbortSignal): Promise<Ending> =>
    first(begin(arrow, { input: account, options: {}, signal }))
  return { world, ask }
}
