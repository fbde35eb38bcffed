/**
 * The libraries of policies, each with retry (3), circuit breaker, bulkhead (32) and time-out (1 s)
 * around a function that resolves at once. Each gives the wrapped call.
 *
 * JavaScript, so that the types of the project can be checked where the peers are not installed.
 */
export const candidates = {
  async cockatiel(run) {
    const c = await import('cockatiel')
    const policy = c.wrap(
      c.retry(c.handleAll, { maxAttempts: 3, backoff: new c.ExponentialBackoff() }),
      c.circuitBreaker(c.handleAll, {
        halfOpenAfter: 10_000,
        breaker: new c.SamplingBreaker({ threshold: 0.5, duration: 10_000 }),
      }),
      c.bulkhead(32, 64),
      c.timeout(1_000, c.TimeoutStrategy.Aggressive),
    )
    return () => policy.execute(run)
  },

  /** opossum has no retry; three attempts in a loop are what its users write around it. */
  async opossum(run) {
    const { default: CircuitBreaker } = await import('opossum')
    const breaker = new CircuitBreaker(run, { timeout: 1_000, capacity: 32, volumeThreshold: 10 })
    return async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await breaker.fire()
        } catch (error) {
          if (attempt === 3) throw error
        }
      }
    }
  },

  /** effect has no circuit breaker: retry, semaphore and time-out alone. */
  async effect(run) {
    const { Effect, Semaphore } = await import('effect')
    const semaphore = Semaphore.makeUnsafe(32)
    const limited = Effect.timeout(
      Effect.tryPromise(() => run()),
      '1 second',
    )
    const policy = Effect.retry(semaphore.withPermits(1)(limited), { times: 3 })
    return () => Effect.runPromise(policy)
  },
}
