/**
 * One subject of the policy bench in its process. Argument: its name.
 *
 * The time is that of the main thread's processor, not of the wall, so other processes on the machine
 * do not count. The bytes are what the heap grew by while it was too large to be collected.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { throughEdge } from './edge.ts'
import { fused } from './floor.ts'
import { governed } from './holdfast.ts'

type Call = () => Promise<unknown>

const CALLS_PER_TURN = 2_000
const CALLS_FOR_BYTES = 20_000

const run = async (): Promise<number> => 1

const own: Readonly<Record<string, () => Call>> = {
  'bare await': () => run,
  'hand-written': () => fused(run),
  holdfast: () => governed(run, 'a shared timer'),
  'holdfast, whole edge': throughEdge,
  'holdfast without timers': () => governed(run, 'no timer'),
}

const name = process.argv[2] ?? ''
const call = own[name]?.() ?? (await peerCall(name))

serve({
  async time(ms = 0) {
    const endMs = performance.now() + ms
    const before = process.threadCpuUsage()
    let calls = 0
    while (performance.now() < endMs) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured.
      await repeat(CALLS_PER_TURN)
      calls += CALLS_PER_TURN
      // Timers that were cancelled are only let go of when the loop turns.
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await turn()
    }
    const { user, system } = process.threadCpuUsage(before)
    return { ns: ((user + system) * 1_000) / calls }
  },
  async bytes() {
    await repeat(CALLS_FOR_BYTES)
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    await repeat(CALLS_FOR_BYTES)
    return { bytes: (process.memoryUsage().heapUsed - before) / CALLS_FOR_BYTES }
  },
})

async function repeat(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await call()
  }
}

async function peerCall(peer: string): Promise<Call> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const make = (await peerNamed('policy.js', 'candidates', peer)) as (run: Call) => Promise<Call>
  return make(run)
}
