/**
 * The floor of the policies: what they cost if somebody writes them by hand into one function.
 *
 * Retry, budget, breaker, bulkhead and deadline as a few counters and one `try`; the deadlines of all
 * calls share one timer that ticks. It bounds less than the machines do (no half-open trial, no jitter,
 * no queue): a floor says what the machine allows, not what is enough.
 */
const TICK_MS = 10
const IN_FLIGHT_MAX = 32
const ATTEMPTS_MAX = 3

interface Waiting {
  endTick: number
  onLate: ((error: Error) => void) | undefined
}

/** The call of `run` under policies that are fused by hand. */
export function fused<T>(run: () => Promise<T>): () => Promise<T> {
  const waiting = new Set<Waiting>()
  const ticker = setInterval(() => {
    tick += 1
    for (const each of waiting) if (each.endTick <= tick) each.onLate?.(new Error('too late'))
  }, TICK_MS)
  ticker.unref()
  let tick = 0
  let coins = 100
  let failures = 0
  let openUntilTick = 0

  return async () => {
    if (tick < openUntilTick) throw new Error('open')
    if (waiting.size >= IN_FLIGHT_MAX) throw new Error('full')
    const place: Waiting = { endTick: tick + 1_000 / TICK_MS, onLate: undefined }
    waiting.add(place)
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- an attempt follows the one that failed.
          const value = await inTime(run, place)
          coins = Math.min(100, coins + 1)
          failures = 0
          return value
        } catch (error) {
          failures += 1
          if (failures > 20) openUntilTick = tick + 1_000 / TICK_MS
          if (attempt === ATTEMPTS_MAX || coins < 10 || tick >= place.endTick) throw error
          coins -= 10
        }
      }
    } finally {
      waiting.delete(place)
    }
  }
}

function inTime<T>(run: () => Promise<T>, place: Waiting): Promise<T> {
  return new Promise((resolve, reject) => {
    place.onLate = reject
    run().then(resolve, reject)
  })
}
