/**
 * A broker that keeps messages in memory, in the time of a test's world: honest, or a liar.
 */
import { assert } from '#errors'
import type { Parcel, Partition, Queues, Taken } from '#edge'
import type { BrokerPromises } from '#model'
import type { ManualWorld } from './event-world.ts'

/** What a broker may do to a parcel that it has acknowledged. */
export type Fate = 'kept' | 'lost' | 'doubled'

interface Kept extends Parcel {
  returns: number
  isTaken: boolean
}

const PROMISES: BrokerPromises = {
  name: 'a broker in memory',
  acknowledged: 'broker',
  durability: 'the process ends',
  order: 'per key',
  dedupeMs: 120_000,
  messageBytesMax: 1_048_576,
  notPromised: [],
}

/** Queues that several services share. */
export class MemoryBroker {
  readonly #world: ManualWorld
  readonly #fateOf: (ordinal: number) => Fate
  readonly #queues = new Map<string, Kept[]>()
  readonly #ears = new Map<string, (ticket: string, body: Uint8Array) => void>()
  /** The ids that it has acknowledged: those of parcels that it lost, too, as a real one would. */
  readonly #known = new Set<string>()
  #acknowledged = 0
  lost = 0
  swallowed = 0

  constructor(world: ManualWorld, fateOf: (ordinal: number) => Fate = () => 'kept') {
    this.#world = world
    this.#fateOf = fateOf
  }

  /** One service's end of it. */
  queues(): Queues {
    return {
      promises: PROMISES,
      open: async () => {},
      close: async () => {},
      put: async (queue, parcel) => this.#put(queue, parcel),
      take: async (queue, waitMs, signal) => this.#take(queue, waitMs, signal),
      listen: (hear) => {
        const address = `process${this.#ears.size}`
        this.#ears.set(address, hear)
        return address
      },
      answer: (answerTo, body) => {
        const [address = '', ticket = ''] = answerTo.split('.')
        this.#ears.get(address)?.(ticket, body)
      },
    }
  }

  /** Parcels that it keeps. */
  get kept(): number {
    return [...this.#queues.values()].reduce((sum, each) => sum + each.length, 0)
  }

  #put(queue: Partition, parcel: Parcel): void {
    if (this.#known.has(parcel.id)) {
      this.swallowed += 1
      return
    }
    this.#known.add(parcel.id)
    this.#acknowledged += 1
    const fate = this.#fateOf(this.#acknowledged)
    if (fate === 'lost') this.lost += 1
    const copies = { lost: 0, kept: 1, doubled: 2 }[fate]
    for (let copy = 0; copy < copies; copy += 1)
      this.#at(queue).push({ ...parcel, returns: 0, isTaken: false })
  }

  async #take(queue: Partition, waitMs: number, signal: AbortSignal): Promise<Taken | undefined> {
    const waiting = this.#at(queue)
    for (let waited = 0; waited < waitMs && !signal.aborted; waited += TICK_MS) {
      const [first] = waiting
      if (first !== undefined && !first.isTaken) return this.#hand(waiting, first)
      // oxlint-disable-next-line no-await-in-loop -- one look after another.
      await new Promise<void>((resolve) => {
        const cancel = this.#world.timers.after(TICK_MS, resolve)
        signal.addEventListener('abort', () => resolve(cancel()), { once: true })
      })
    }
    return undefined
  }

  #hand(waiting: Kept[], first: Kept): Taken {
    first.isTaken = true
    return {
      ...first,
      keep: () => {},
      done: async () => {
        assert(waiting[0] === first, 'the first of a queue is taken out first')
        waiting.shift()
      },
      again: (delayMs) => {
        first.returns += 1
        this.#world.timers.after(delayMs, () => {
          first.isTaken = false
        })
      },
    }
  }

  #at({ edge, part }: Partition): Kept[] {
    const name = `${edge}:${part}`
    const found = this.#queues.get(name) ?? []
    this.#queues.set(name, found)
    return found
  }
}

/** Between two looks at a queue, in the world's ms. */
const TICK_MS = 10
