/**
 * The outbox and the inbox in a transaction that somebody else opened: for services that do not run in
 * a host, or not yet.
 *
 * Intuition: all that the two need is to run a statement in the transaction that has the effect. Who
 * began it, and who commits it, is the user's own business.
 *
 * Invariants:
 *   T1. The rows of an event exist if and only if the user's transaction commits.
 *   T2. What runs under a key has its effect once per key while the key is kept; a later run gets what
 *       the first gave. At the isolation level READ COMMITTED.
 *   T3. Nothing is begun, committed or rolled back here.
 *
 * Emit last: the lock of an event's key is held from there to the commit.
 */
import { HoldfastError } from '#errors'
import type { Contract, Emit, EmitOptions, SqlExecutor, System } from '#model'
import { claim, keepReply, prior } from '#state'
import type { World } from '#world'
import { emitter } from './emission.ts'
import { flush } from './outbox.ts'

/** `outbox.placed(executor, order)`: one function for each event that the contract declares. */
export type Outbox<C extends Contract> = {
  readonly [K in keyof Emit<C>]: (
    executor: SqlExecutor,
    ...emitted: Parameters<Emit<C>[K]>
  ) => Promise<void>
}

/**
 * The outbox of the service that keeps `contract`, whose events go to their subscribers in `system`.
 *
 * The service's host, over the same database, carries them; it finds them within a second.
 *
 * @throws HF_DECLARATION_INVALID if the service is not in the system.
 */
export function outboxOf<C extends Contract>(
  contract: C,
  { system, world }: { readonly system: System; readonly world: Pick<World, 'clock' | 'random'> },
): Outbox<C> {
  const { name, operations } = contract['~contract']
  const service = system.services.find((each) => each.name === name)
  if (service === undefined) {
    throw new HoldfastError('HF_DECLARATION_INVALID', {
      detail: `system '${system.name}' has no service '${name}', so nobody would carry its events`,
    })
  }
  // Whether the user commits is not known here, so nothing is stated and nobody is woken.
  const site = { service, system, world, observe: () => {}, wake: () => {} }
  const emit =
    (event: string) =>
    async (executor: SqlExecutor, payload: unknown, options?: EmitOptions): Promise<void> => {
      const emitted = emitter(contract)
      emitted.emit[event]?.(payload, options)
      await flush(site, executor, await emitted.collect())
    }
  const events = Object.keys(operations).filter((each) => operations[each]?.kind === 'event')
  // Object.fromEntries forgets which key has which event; the line above kept it.
  return Object.fromEntries(events.map((each) => [each, emit(each)])) as unknown as Outbox<C>
}

/** What came of work under a key. */
export interface OnceResult<T> {
  readonly value: T
  /** True if an earlier transaction had done it, and `value` is what that one gave. */
  readonly isReplayed: boolean
}

/**
 * Does `work` once per key while the key is kept, in the transaction of `executor`. A concurrent run
 * with the same key waits until this transaction has ended.
 *
 * `value` must be JSON: it is kept beside the key. If `work` throws, roll the transaction back.
 *
 * @throws HF_KEY_CANCELLED (effect none) if the key was given up.
 */
export async function onceIn<T>(
  executor: SqlExecutor,
  key: string,
  work: () => Promise<T>,
): Promise<OnceResult<T>> {
  const wanted = { scope: 'once', id: key }
  if (await claim(executor, wanted)) {
    const value = await work()
    await keepReply(executor, wanted, { status: 200, reply: JSON.stringify({ value }) })
    return { value, isReplayed: false }
  }
  const found = await prior(executor, wanted)
  if (found?.state !== 'done' || found.reply === undefined) {
    throw new HoldfastError('HF_KEY_CANCELLED', { detail: `the key '${key}' was given up` })
  }
  const kept: unknown = JSON.parse(found.reply)
  // The same key is the same work: what it gave then has the type that it gives now.
  return { value: Reflect.get(Object(kept), 'value') as T, isReplayed: true }
}
