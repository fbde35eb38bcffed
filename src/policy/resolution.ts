/**
 * The addresses of one name: which of a directory's answers are believed, and when it is asked again.
 *
 * Intuition: a directory is a service like any other, and wrong in the same ways: late, down, empty,
 * flickering. Losing an endpoint that is well costs more than keeping one that is gone, because the
 * ejection takes a dead endpoint out within a few calls, and nothing brings a forgotten one back. So a
 * longer list is believed at once, and a much shorter one when it has been said twice.
 *
 * Invariants:
 *   T1. What was good stays while the directory is silent or empty, for up to `keepMs`.
 *   T2. A list with fewer than half of the addresses that are in use replaces them only if it, or
 *       another as short, is said again at least `confirmMs` later.
 *   T3. One question at a time, and no more than one in `hurryMs`, however many calls find a dead
 *       address.
 *   T4. Without trouble the next question comes after min(ttl, `refreshMs`) ± 20 %.
 *
 * Source: Finagle's StabilizingAddr keeps what is removed but healthy; gRPC asks again on failure.
 * Rejected: the time to live alone (undici's dns interceptor), which asks too rarely in trouble.
 */
import { assert } from '#errors'
import { type Draw, spread } from './draw.ts'

/** How patient it is. All in ms. */
export interface ResolutionOptions {
  /** Longest time between two questions. @defaultValue 10_000 */
  readonly refreshMs?: number
  /** Time after which a much shorter list is asked for again. @defaultValue 5_000 */
  readonly confirmMs?: number
  /** Shortest time between two questions. @defaultValue 1_000 */
  readonly hurryMs?: number
  /** How long the last good list is used without another. @defaultValue 3_600_000 */
  readonly keepMs?: number
}

const REFRESH_SPREAD = 0.2

/** A list shorter than this share of the one in use is not believed at once. */
const SHRINK_SHARE = 0.5

/**
 * The addresses of one name.
 *
 * @example
 * if (resolution.isDue(nowMs)) ask()
 * resolution.answered({ addresses, ttlMs: 30_000 }, clock.monotonicMs(), draw)
 */
export class Resolution {
  readonly #options: Required<ResolutionOptions>
  #addresses: readonly string[] = []
  #goodAtMs = 0
  #askedAtMs = Number.NEGATIVE_INFINITY
  #dueMs = Number.NEGATIVE_INFINITY
  #isAsking = false
  /** Since when the directory has been saying that most are gone. */
  #shortSinceMs: number | undefined

  constructor(options: ResolutionOptions = {}) {
    this.#options = {
      refreshMs: 10_000,
      confirmMs: 5_000,
      hurryMs: 1_000,
      keepMs: 3_600_000,
      ...options,
    }
  }

  /** What is in use; none before the first answer, and none that nobody confirmed for `keepMs`. */
  addresses(nowMs: number): readonly string[] {
    return nowMs - this.#goodAtMs <= this.#options.keepMs ? this.#addresses : []
  }

  /** True if the directory should be asked now. */
  isDue(nowMs: number): boolean {
    return !this.#isAsking && nowMs >= this.#dueMs
  }

  /** When the next question is due, in ms of the same clock. */
  dueMs(): number {
    return this.#dueMs
  }

  /** The directory is being asked. Exactly one of `answered` and `failed` follows. */
  asked(nowMs: number): void {
    assert(!this.#isAsking, 'T3: one question at a time')
    this.#isAsking = true
    this.#askedAtMs = nowMs
  }

  /** The directory said where the name is; `ttlMs`: for how long it stands by that. */
  answered(
    { addresses, ttlMs }: { readonly addresses: readonly string[]; readonly ttlMs?: number },
    nowMs: number,
    draw: Draw,
  ): void {
    if (addresses.length === 0) return this.failed(nowMs, draw)
    this.#isAsking = false
    if (this.#isDoubted(addresses, nowMs)) {
      this.#dueMs = nowMs + this.#options.confirmMs
      return
    }
    this.#shortSinceMs = undefined
    this.#goodAtMs = nowMs
    this.#addresses = sameOr(this.#addresses, addresses)
    const ms = Math.min(Math.max(ttlMs ?? Infinity, this.#options.hurryMs), this.#options.refreshMs)
    this.#dueMs = nowMs + spread({ ms, share: REFRESH_SPREAD }, draw)
  }

  /** The directory did not answer, or knows nobody of that name. */
  failed(nowMs: number, draw: Draw): void {
    this.#isAsking = false
    const ms = this.#addresses.length === 0 ? this.#options.hurryMs : this.#options.refreshMs
    this.#dueMs = nowMs + spread({ ms, share: REFRESH_SPREAD }, draw)
  }

  /** A call could not reach an address: perhaps the name has moved. */
  unreachable(): void {
    this.#dueMs = Math.min(this.#dueMs, this.#askedAtMs + this.#options.hurryMs)
  }

  #isDoubted(addresses: readonly string[], nowMs: number): boolean {
    const isShort = addresses.length < this.#addresses.length * SHRINK_SHARE
    // What is new is believed: a service that moves as a whole has no address in common with itself.
    const hasNew = addresses.some((address) => !this.#addresses.includes(address))
    if (!isShort || hasNew) return false
    this.#shortSinceMs ??= nowMs
    return nowMs - this.#shortSinceMs < this.#options.confirmMs
  }
}

/** The list in use if it names the same, so that who compares by identity sees no change. */
function sameOr(inUse: readonly string[], said: readonly string[]): readonly string[] {
  const sorted = [...new Set(said)].toSorted()
  return sorted.join(' ') === inUse.join(' ') ? inUse : sorted
}
