/**
 * Where services are: asks directories in the background, so that a call never waits for one.
 *
 * Intuition: a call needs an address now, and what was true a moment ago is nearly always true. So the
 * lookups run on their own, one at a time for each name, and a call takes what is known. Only the first
 * answer is waited for, when a process starts.
 *
 * Invariants:
 *   W1. `resolve` never waits, and gives the same list until the list has changed.
 *   W2. At most one lookup for each name is under way; each has a time limit.
 *   W3. After `stop` no timer is left and no lookup begins.
 *
 * Source: the machine that decides is `Resolution` in `policy`.
 */
import { HoldfastError } from '#errors'
import { Resolution } from '#policy'
import { withDeadline, type World } from '#world'

/** What a directory said. */
export interface Located {
  /** `http://host:port` of each instance. */
  readonly origins: readonly string[]
  /** How long it stands by that, in ms. @defaultValue until it is asked again */
  readonly ttlMs?: number
}

/** Asks a directory where one name is. What it throws counts as no answer. */
export type Lookup = (signal: AbortSignal) => Promise<Located>

/** Longest wait for a directory, in ms. */
const LOOKUP_MS_MAX = 3_000

interface Place {
  readonly lookup: Lookup
  readonly resolution: Resolution
  cancelTimer: () => void
}

/** Knows where the names of a system are. */
export class Topology {
  readonly #world: Pick<World, 'clock' | 'timers' | 'random'>
  readonly #places: ReadonlyMap<string, Place>
  #isStopped = false

  constructor(
    world: Pick<World, 'clock' | 'timers' | 'random'>,
    lookups: ReadonlyMap<string, Lookup>,
  ) {
    this.#world = world
    const place = (lookup: Lookup): Place => ({
      lookup,
      resolution: new Resolution(),
      cancelTimer: () => undefined,
    })
    this.#places = new Map([...lookups].map(([name, lookup]) => [name, place(lookup)]))
  }

  /** Asks for every name once. Ends when each has an answer, or its lookup has failed. */
  async start(): Promise<void> {
    await Promise.all([...this.#places.values()].map(async (place) => this.#ask(place)))
  }

  /** True if a directory is asked for this name. */
  knows(name: string): boolean {
    return this.#places.has(name)
  }

  /**
   * The origins of the instances of `name`.
   *
   * @throws HF_CALL_NOT_SENT if no directory named any yet, or none for an hour.
   */
  resolve(name: string): readonly string[] {
    const found = this.#places.get(name)?.resolution.addresses(this.#world.clock.monotonicMs())
    if (found !== undefined && found.length > 0) return found
    throw new HoldfastError('HF_CALL_NOT_SENT', {
      detail: `no directory says where '${name}' is`,
      fix: 'See that its name is registered, and that the directory can be reached from here.',
    })
  }

  /** A call could not reach an instance of `name`: asks soon, at most once a second. */
  unreachable(name: string): void {
    const place = this.#places.get(name)
    if (place === undefined || this.#isStopped) return
    place.resolution.unreachable()
    this.#schedule(place)
  }

  /** Asks nobody any more. */
  stop(): void {
    this.#isStopped = true
    for (const place of this.#places.values()) place.cancelTimer()
  }

  #schedule(place: Place): void {
    place.cancelTimer()
    if (this.#isStopped) return
    const { clock, timers } = this.#world
    const delayMs = Math.max(0, place.resolution.dueMs() - clock.monotonicMs())
    place.cancelTimer = timers.after(delayMs, () => {
      if (place.resolution.isDue(clock.monotonicMs())) void this.#ask(place)
    })
  }

  /** Never rejects: a directory that is down is not a reason to stop. */
  async #ask(place: Place): Promise<void> {
    const { clock, timers, random } = this.#world
    const draw = (): number => random.float()
    const late = (): Error => new Error(`the directory did not answer within ${LOOKUP_MS_MAX} ms`)
    const timed = withDeadline(timers, LOOKUP_MS_MAX, late)
    place.resolution.asked(clock.monotonicMs())
    try {
      const { origins, ttlMs } = await endingBy(timed.signal, place.lookup(timed.signal))
      const said = { addresses: origins, ...(ttlMs === undefined ? {} : { ttlMs }) }
      place.resolution.answered(said, clock.monotonicMs(), draw)
    } catch {
      place.resolution.failed(clock.monotonicMs(), draw)
    } finally {
      timed.release()
      this.#schedule(place)
    }
  }
}

/** What `work` gives, or the signal's reason if that comes first: some lookups cannot be called off. */
async function endingBy<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
