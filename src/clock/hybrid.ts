/**
 * A hybrid logical clock: moments close to the time of day that never contradict cause and effect.
 *
 * Intuition: the wall clock says when, but two machines disagree and one machine steps back. So each
 * process keeps the latest moment that it has said or heard of, and counts on from there while its
 * own clock is behind. What was caused by something then always bears the later stamp.
 *
 * For ids, traces and the order in which people read. Not for leases (the database's clock), the order
 * of messages (the outbox's sequence) or the question who wrote last: of two writes that did not know
 * of each other, no clock can say it.
 *
 * Invariants:
 *   H1. Each stamp that `tick` and `receive` give is greater than all before it.
 *   H2. It is greater than the stamp that was received.
 *   H3. It is at most `driftMsMax` ahead of the wall clock, unless that one stepped back: a stamp
 *       further ahead is refused, or one broken clock would carry all others with it.
 *
 * Source: Kulkarni, Demirbas et al., "Logical Physical Clocks" (OPODIS 2014); the refusal is that of
 * CockroachDB's `hlc.UpdateAndCheckMaxOffset`.
 */
import { HoldfastError } from '#errors'
import type { Clock, Random } from '#world'

/** A moment: milliseconds since 1970, and a count within the millisecond. */
export interface Stamp {
  /** Below 2^48. */
  readonly ms: number
  /** Below 2^16. */
  readonly count: number
}

/**
 * How far ahead a received stamp may be, in ms: above what clocks that are kept by NTP differ by, and
 * above what operators step them by; below what would make an id useless for people.
 */
const DRIFT_MS_MAX = 60_000

const COUNT_MAX = 0xffff

/** The clock of one process. */
export class HybridClock {
  readonly #wall: Pick<Clock, 'wallMs'>
  readonly #driftMsMax: number
  #last: Stamp = { ms: 0, count: 0 }

  constructor(wall: Pick<Clock, 'wallMs'>, driftMsMax: number = DRIFT_MS_MAX) {
    this.#wall = wall
    this.#driftMsMax = driftMsMax
  }

  /** The stamp of something that happens here and now. */
  tick(): Stamp {
    return this.#advance(this.#last)
  }

  /**
   * The stamp of the arrival of something stamped elsewhere.
   *
   * @throws HF_CLOCK_SKEW (effect none) if that stamp is further ahead than `driftMsMax`.
   */
  receive(stamp: Stamp): Stamp {
    const aheadMs = stamp.ms - this.#wallMs()
    if (aheadMs > this.#driftMsMax) throw skewed(aheadMs, this.#driftMsMax)
    return this.#advance(compareStamps(stamp, this.#last) > 0 ? stamp : this.#last)
  }

  /** The next stamp after `latest`, and not before the wall clock. */
  #advance(latest: Stamp): Stamp {
    const wallMs = this.#wallMs()
    this.#last = wallMs > latest.ms ? { ms: wallMs, count: 0 } : successor(latest)
    return this.#last
  }

  #wallMs(): number {
    return Math.max(0, Math.floor(this.#wall.wallMs()))
  }
}

/** The hybrid clock that belongs to a wall clock: whoever has the one has the other. */
export function hybridOf(wall: Clock): HybridClock {
  const known = clocks.get(wall)
  if (known !== undefined) return known
  const fresh = new HybridClock(wall)
  clocks.set(wall, fresh)
  return fresh
}

// Services of one process share its wall clock, and so its stamps.
const clocks = new WeakMap<Clock, HybridClock>()

function successor({ ms, count }: Stamp): Stamp {
  return count < COUNT_MAX ? { ms, count: count + 1 } : { ms: ms + 1, count: 0 }
}

/** Negative if `left` is earlier, positive if it is later. */
export function compareStamps(left: Stamp, right: Stamp): number {
  return left.ms - right.ms || left.count - right.count
}

/** 16 hexadecimal digits, which sort as text like the stamps. */
export function writeStamp({ ms, count }: Stamp): string {
  return ms.toString(16).padStart(12, '0') + count.toString(16).padStart(4, '0')
}

/** The stamp that `writeStamp` wrote; `undefined` if it did not write this. */
export function readStamp(text: string): Stamp | undefined {
  if (!/^[0-9a-f]{16}$/.test(text)) return undefined
  return { ms: Number.parseInt(text.slice(0, 12), 16), count: Number.parseInt(text.slice(12), 16) }
}

/**
 * An identifier that sorts like its stamp, also as text.
 *
 * @see RFC 9562, section 5.7 (UUID version 7): 48 bits of milliseconds, the count in the 12 bits after
 *   the version and the 4 after the variant (section 6.2, method 1), then 58 bits of randomness.
 */
export function stampedUuid({ ms, count }: Stamp, random: Random): string {
  const tail = random.bytes(8)
  tail[0] = 0x80 | ((count & 0xf) << 2) | ((tail[0] ?? 0) & 0x3)
  const hex = Array.from(tail, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const time = ms.toString(16).padStart(12, '0')
  const middle = (0x7000 | (count >>> 4)).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-${middle}-${hex.slice(0, 4)}-${hex.slice(4)}`
}

function skewed(aheadMs: number, limitMs: number): HoldfastError {
  return new HoldfastError('HF_CLOCK_SKEW', {
    detail: `the sender's clock is ${Math.ceil(aheadMs)} ms ahead of this one, the limit is ${limitMs} ms`,
  })
}
