/**
 * What the machine really has, taken before anything is replaced.
 *
 * The simulator itself needs two real things: a turn of Node's event loop, to know that nothing more
 * will happen at this instant, and a stopwatch for its report.
 */

const { setImmediate } = globalThis
const readStopwatch = performance.now.bind(performance)

/**
 * Resolves once every microtask and every `nextTick` has run: then the simulated world is at rest.
 *
 * One turn is exact for promises, web streams, `fetch` bodies and `import()`. What needs more turns
 * (files, sockets, zlib, threads) is refused as an escape.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Milliseconds of real time since an arbitrary start. */
export function stopwatchMs(): number {
  return readStopwatch()
}
