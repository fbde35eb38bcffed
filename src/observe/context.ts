/**
 * What each piece of work carries by itself: its trace, how long it may take, and on whose behalf.
 *
 * Only these travel implicitly. Transactions never do: a statement that runs in the wrong one must
 * be visible in the code (ADR 0016).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Deadline } from '#clock'
import type { Criticality } from '#model'
import type { Trace } from './trace.ts'

/** The context of the present work. */
export interface WorkContext {
  readonly trace: Trace
  /** Inherited by every call that the work makes. */
  readonly deadline: Deadline | undefined
  /** How much it matters that the work is done; inherited by every call that it makes. @defaultValue 'critical' */
  readonly criticality?: Criticality
  /** `orders.place` or `inventory<orders.placed`: what runs, for logs. */
  readonly work: string
}

const storage = new AsyncLocalStorage<WorkContext>()

/** The context of the caller of this function, or `undefined` outside any work. */
export function currentContext(): WorkContext | undefined {
  return storage.getStore()
}

/** Runs `work` with `context` visible to everything that it starts. */
export function inContext<T>(context: WorkContext, work: () => T): T {
  return storage.run(context, work)
}
