/**
 * The calling process of one subject of the call bench. Arguments: its name and the port to call.
 *
 * A closed loop: each of so many callers asks again when it was answered. So nobody queues for longer
 * than the subject needs, and what is measured is the call, not an overload.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { quantile } from '../method/statistics.ts'
import { callEcho, question } from './echo.ts'
import { callFramed } from './framed.ts'
import { held } from './held.ts'
import { callKeyed } from './keyed.ts'

/** A loop that never turns lets no timer fire. */
const CALLS_PER_TURN = 256
const LATENCIES_MAX = 200_000

/** After this many calls the time of a call no longer falls. */
const WARM_CALLS = 10_000
const WARM_CALLERS = 32

const [, , name = '', port = ''] = process.argv
const call = await called()
await checked()
await warm()

serve({
  async run(callers = 1, ms = 0) {
    const endMs = performance.now() + ms
    const latenciesUs: number[] = []
    const count = { done: 0, failed: 0 }
    const before = process.cpuUsage()
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: callers }, () => callerUntil(endMs, latenciesUs, count)))
    const seconds = (performance.now() - startedMs) / 1_000
    const { user, system } = process.cpuUsage(before)
    return {
      done: count.done,
      failed: count.failed,
      rate: count.done / seconds,
      us: user + system,
      p50: quantile(latenciesUs, 0.5),
      p99: quantile(latenciesUs, 0.99),
    }
  },
  async repeat(calls = 0) {
    const failed = await repeat(calls)
    return { failed, ...held() }
  },
})

async function callerUntil(
  endMs: number,
  latenciesUs: number[],
  count: { done: number; failed: number },
): Promise<void> {
  for (let calls = 1; performance.now() < endMs; calls += 1) {
    const startedMs = performance.now()
    // oxlint-disable-next-line no-await-in-loop -- a caller asks again when it was answered.
    const isDone = await succeeded()
    if (isDone && latenciesUs.length < LATENCIES_MAX)
      latenciesUs.push((performance.now() - startedMs) * 1_000)
    // Two statements, because `+=` around an `await` loses what others counted meanwhile.
    if (isDone) count.done += 1
    else count.failed += 1
    // A caller that was refused at once asks again in the next turn and does not spin.
    // oxlint-disable-next-line no-await-in-loop -- as above.
    if (!isDone || calls % CALLS_PER_TURN === 0) await turn()
  }
}

async function succeeded(): Promise<boolean> {
  try {
    await call()
    return true
  } catch {
    // Counted by the caller: the share of failures is a result of the bench.
    return false
  }
}

/** Who answers something else must not be fast. */
async function checked(): Promise<void> {
  const answer = JSON.stringify(await call())
  if (!answer.includes('"n":43')) throw new Error(`${name} answered ${answer.slice(0, 200)}`)
}

/** The same number of calls for everybody: code is compiled by calls and not by time. */
async function warm(): Promise<void> {
  await repeat(WARM_CALLS)
}

/** So many calls by 32 callers. Gives the number of those that failed. */
async function repeat(calls: number): Promise<number> {
  const count = { left: calls, failed: 0 }
  const caller = async (): Promise<void> => {
    while (count.left > 0) {
      count.left -= 1
      // oxlint-disable-next-line no-await-in-loop -- a caller asks again when it was answered.
      const isDone = await succeeded()
      if (!isDone) count.failed += 1
      // oxlint-disable-next-line no-await-in-loop -- as above.
      if (!isDone || count.left % CALLS_PER_TURN === 0) await turn()
    }
  }
  await Promise.all(Array.from({ length: WARM_CALLERS }, caller))
  return count.failed
}

async function called(): Promise<() => Promise<unknown>> {
  if (name === 'holdfast') return callEcho(Number(port), 'session')
  if (name === 'holdfast over HTTP') return callEcho(Number(port), 'http')
  if (name === 'holdfast, with a key') return callKeyed(Number(port), 'new')
  if (name === 'holdfast, kept answer') return callKeyed(Number(port), 'same')
  return name === 'framed socket, by hand' ? callFramed(Number(port), question) : peerCall()
}

async function peerCall(): Promise<() => Promise<unknown>> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const make = (await peerNamed('echo.js', 'clients', name)) as (
    port: number,
    input: unknown,
  ) => Promise<() => Promise<unknown>>
  return make(Number(port), question)
}
