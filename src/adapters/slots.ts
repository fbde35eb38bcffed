/**
 * A fixed number of places, given out in the order of asking, with a bounded wait.
 *
 * Invariants:
 *   P1. At most `slotsMax` places are taken at any time, and at most `waitersMax` callers wait.
 *   P2. First come, first served; whoever gave up waiting never gets a place.
 */
import { HoldfastError } from '#errors'
import type { Timers } from '#world'

interface Waiter {
  readonly admit: () => void
  readonly refuse: (error: Error) => void
}

/** The bounds, and the name of what is waited for, for messages. */
export interface SlotsOptions {
  readonly name: string
  readonly slotsMax: number
  readonly waitersMax: number
  readonly timers: Timers
}

/** Places to wait for. */
export class Slots {
  readonly #options: SlotsOptions
  readonly #waiters = new Set<Waiter>()
  #free: number
  #isClosed = false

  constructor(options: SlotsOptions) {
    this.#options = options
    this.#free = options.slotsMax
  }

  /** True if nobody waits and a place is free. */
  get isIdle(): boolean {
    return this.#free > 0 && this.#waiters.size === 0
  }

  /** Takes a place. @throws HF_DB_UNREACHABLE after `waitMsMax`, when too many wait, or when closed */
  async take(waitMsMax: number): Promise<void> {
    const { waitersMax } = this.#options
    if (this.#isClosed) throw this.#refusal('it was closed')
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    if (this.#waiters.size >= waitersMax) {
      throw this.#refusal(`${waitersMax} callers wait already, the most allowed`)
    }
    await this.#turn(waitMsMax)
  }

  /** Gives the place to whoever waits longest. */
  free(): void {
    const [first] = this.#waiters
    if (first === undefined) this.#free += 1
    else first.admit()
  }

  /** Refuses everybody who waits, and everybody who comes. */
  close(): void {
    this.#isClosed = true
    for (const waiter of this.#waiters) waiter.refuse(this.#refusal('it was closed'))
  }

  #turn(waitMsMax: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel()
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        admit: () => {
          leave()
          resolve()
        },
        refuse: (error) => {
          leave()
          reject(error)
        },
      }
      const { slotsMax, timers } = this.#options
      const reason = `none of its ${slotsMax} sessions was free within ${Math.ceil(waitMsMax)} ms`
      const cancel = timers.after(waitMsMax, () => waiter.refuse(this.#refusal(reason)))
      this.#waiters.add(waiter)
    })
  }

  #refusal(reason: string): HoldfastError {
    return new HoldfastError('HF_DB_UNREACHABLE', { detail: `${this.#options.name}: ${reason}` })
  }
}
