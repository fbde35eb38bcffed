/**
 * On whose behalf code runs: one incarnation of a simulated process, or a simulated database server.
 *
 * Intuition: all processes share one JavaScript heap, so `Date.now()` must know who asks. Node's
 * AsyncLocalStorage carries the answer through every await, and nothing else does.
 *
 * Invariants:
 *   A1. Simulated code runs inside `runAs`, from its first line to its last continuation.
 *   A2. Outside of `runAs` there is no actor, and the patched globals are the real ones.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { World } from '#world'

/** Whoever acts in the simulation. */
export interface Actor {
  /** `orders#2`: the process and its incarnation. */
  readonly name: string
  /** After a crash nothing that the actor asks of the world is ever answered. */
  readonly isDead: boolean
  /** Until this moment its events are held back, as by a long garbage collection. */
  readonly pausedUntilUs: number
  /** Until this moment its processor is occupied, and whatever happens to it stands in line. */
  readonly busyUntilUs: number
  readonly world: World
  /** It threw, and nobody caught it. */
  failed(error: unknown): void
  /** It did something real, such as `opened a real socket`; the stack says where. */
  escaped(what: string, stack: string | undefined): void
}

const storage = new AsyncLocalStorage<Actor>()

/** Whoever runs now; `undefined` outside the simulated world. */
export function currentActor(): Actor | undefined {
  return storage.getStore()
}

/** Runs `work` on behalf of `actor`, with everything that it starts. */
export function runAs<T>(actor: Actor, work: () => T): T {
  return storage.run(actor, work)
}

/** Runs `work`, and everything that it starts, as if there were no simulation. */
export function runAsNobody<T>(work: () => T): T {
  return storage.exit(work)
}

/** What a dead actor gets for an answer: a fresh promise each time, so that it can be collected. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}
