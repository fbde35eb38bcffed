/**
 * What should come to pass in some world: the test of the test.
 *
 * A run in which no account was ever empty says nothing about empty accounts. `sometimes` names the
 * situations that a scenario means to reach; what no seed reached is told at the end.
 *
 * Invariants:
 *   M1. A sentence that was true once in a world is not looked at again in that world.
 */
import type { Actor } from './actor.ts'
import { type Checks, holds, Reading } from './checks.ts'
import type { DatabaseServer } from './database/server.ts'

/** The hopes of one world. */
export class Hopes {
  readonly #servers: ReadonlyMap<string, DatabaseServer>
  readonly #observer: Actor
  readonly #open: Map<string, { readonly check: Checks[string]; reading: Reading | undefined }>
  readonly #reached: string[] = []

  constructor(options: {
    readonly checks: Checks
    readonly servers: ReadonlyMap<string, DatabaseServer>
    readonly observer: Actor
  }) {
    this.#servers = options.servers
    this.#observer = options.observer
    const open = Object.entries(options.checks).map(
      ([sentence, check]) => [sentence, { check, reading: undefined }] as const,
    )
    this.#open = new Map(open)
  }

  /** The sentences that were true at some moment, in the order in which they came true. */
  get reached(): readonly string[] {
    return this.#reached
  }

  /** Looks at those that may have come true since. */
  async look(): Promise<void> {
    for (const [sentence, hope] of this.#open) {
      if (hope.reading?.isStale() === false) continue
      hope.reading = new Reading()
      // oxlint-disable-next-line no-await-in-loop -- in order, as every check.
      if (!(await holds(hope.check, this.#servers, hope.reading, this.#observer))) continue
      this.#open.delete(sentence)
      this.#reached.push(sentence)
    }
  }
}
