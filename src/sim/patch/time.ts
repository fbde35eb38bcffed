/**
 * `Date` and `performance` by the clock of whoever asks.
 */
import { currentActor } from '../actor.ts'
import type { Patch } from './install.ts'

const RealDate = globalThis.Date
const realNow = RealDate.now
const realPerformanceNow = performance.now.bind(performance)
const realUptime = process.uptime.bind(process)
const realHrtime = process.hrtime

/** Readings of one clock at one instant after which the reader is waiting for time to pass. */
const READINGS_MAX = 2_000_000

/** What is replaced, and by what. */
export function timePatches(): readonly Patch[] {
  return [
    { target: globalThis, key: 'Date', value: simulatedDate() },
    // Whoever kept the real `Date` still finds this function on it.
    { target: RealDate, key: 'now', value: now },
    { target: performance, key: 'now', value: monotonic },
    { target: process, key: 'hrtime', value: Object.assign(hrtime, { bigint: hrtimeBigint }) },
    { target: process, key: 'uptime', value: uptime },
  ]
}

let readAtMs = -1
let readings = 0

/** Time stands still while code runs, so code that waits for it without an await would never end. */
function guarded(monotonicMs: number): number {
  readings = monotonicMs === readAtMs ? readings + 1 : 0
  readAtMs = monotonicMs
  if (readings <= READINGS_MAX) return monotonicMs
  readings = 0
  throw new Error(`the clock was read ${READINGS_MAX} times at one instant: wait with a timer`)
}

function now(): number {
  const actor = currentActor()
  if (actor === undefined) return realNow()
  guarded(actor.world.clock.monotonicMs())
  return Math.floor(actor.world.clock.wallMs())
}

function monotonic(): number {
  const actor = currentActor()
  if (actor === undefined) return realPerformanceNow()
  return guarded(actor.world.clock.monotonicMs())
}

/** A function and a constructor at once, so a proxy: `Date()` gives a text, `new Date()` a moment. */
function simulatedDate(): DateConstructor {
  return new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given, newTarget): object => {
      const moment: unknown = Reflect.construct(
        target,
        given.length === 0 ? [now()] : given,
        newTarget,
      )
      // Reflect.construct of a class gives an object, though its type does not say so.
      return moment as object
    },
  })
}

function hrtime(before?: [number, number]): [number, number] {
  if (currentActor() === undefined) return realHrtime(before)
  const [seconds, nanos] = before ?? [0, 0]
  const sinceNs = nowNs() - BigInt(seconds) * 1_000_000_000n - BigInt(nanos)
  return [Number(sinceNs / 1_000_000_000n), Number(sinceNs % 1_000_000_000n)]
}

function hrtimeBigint(): bigint {
  return currentActor() === undefined ? realHrtime.bigint() : nowNs()
}

function nowNs(): bigint {
  return BigInt(Math.floor(monotonic() * 1_000)) * 1_000n
}

function uptime(): number {
  return currentActor() === undefined ? realUptime() : monotonic() / 1_000
}
