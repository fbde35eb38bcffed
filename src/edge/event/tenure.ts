/**
 * The partitions that this process may relay, and for how long it may believe so.
 *
 * Invariants:
 *   U1. At most one process has a partition by the database's clock; a process believes it for less
 *       long than that (`#lease`, L2).
 *   U2. A tenure that was lost is not continued by its successor: whoever began to send under one
 *       token stops when the token changes, even if the same process got the partition again.
 */
import { Deadline } from '#clock'
import { type Lease, type LeaseStore, databaseLeases } from '#lease'
import { uuid } from '#world'
import type { Site } from '../site.ts'
import type { Partition } from './queue.ts'

/** A lease lives this long without renewal: the longest pause after a relay crashed. */
export const LEASE_MS = 5_000

const RENEW_MS = LEASE_MS / 3

/** The leases of one relay. */
export class Tenure {
  readonly #site: Site
  readonly #leases: LeaseStore
  readonly #partitions: readonly Partition[]
  #renewal: Deadline
  #held: ReadonlyMap<string, Lease> = new Map()

  constructor(site: Site, partitions: readonly Partition[]) {
    const { clock, random } = site.world
    this.#site = site
    this.#partitions = partitions
    this.#renewal = Deadline.in(clock, 0)
    this.#leases = databaseLeases({
      database: site.database,
      clock,
      holder: uuid(random, clock.wallMs()),
      ttlMs: LEASE_MS,
    })
  }

  /** Renews and takes what can be had, if a third of the lease's time has passed. */
  async renew(): Promise<void> {
    if (!this.#renewal.hasPassed()) return
    this.#renewal = Deadline.in(this.#site.world.clock, RENEW_MS)
    this.#hold(await this.#leases.acquire(this.#partitions.map(nameOf)))
  }

  /** The partitions that are held at this moment. */
  held(): readonly Partition[] {
    return this.#partitions.filter((each) => this.tokenOf(each) !== undefined)
  }

  /** True if no partition is anybody else's. */
  get isWhole(): boolean {
    return this.#partitions.every((each) => this.tokenOf(each) !== undefined)
  }

  /** The token under which a partition is held; `undefined` if it is not, or not for sure. */
  tokenOf(partition: Partition): bigint | undefined {
    const lease = this.#held.get(nameOf(partition))
    return lease === undefined || lease.deadline.hasPassed() ? undefined : lease.token
  }

  /** Gives everything back. */
  async release(): Promise<void> {
    const leases = [...this.#held.values()]
    this.#held = new Map()
    await this.#leases.release(leases)
    for (const { name } of leases) this.#state(name, 'released')
  }

  #hold(leases: readonly Lease[]): void {
    const before = this.#held
    this.#held = new Map(leases.map((each) => [each.name, each]))
    for (const each of before.values()) {
      if (each.token !== this.#held.get(each.name)?.token) this.#state(each.name, 'lost')
    }
    for (const each of leases) {
      if (each.token !== before.get(each.name)?.token) this.#state(each.name, 'acquired')
    }
  }

  #state(name: string, change: 'acquired' | 'lost' | 'released'): void {
    this.#site.observe({ fact: 'lease', service: this.#site.service.name, name, change })
  }
}

function nameOf({ edge, part }: Partition): string {
  return `relay:${edge}:${part}`
}
