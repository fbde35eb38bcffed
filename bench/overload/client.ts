/**
 * The calling process of one subject of the overload bench. Arguments: its name and the port to call.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { callFloor } from './floor.ts'
import { callSlow } from './holdfast.ts'
import { offer } from './load.ts'

type Attempt = (signal: AbortSignal) => Promise<unknown>

const [, , name = '', port = ''] = process.argv
/** Before the load, one after the other. */
const WARM_CALLS = 50

let attempts = 0

const call = await callOf()
await warm()

serve({
  async offer(rate = 0, settleMs = 0, countedMs = 0) {
    const before = attempts
    const { arrivals, ...found } = await offer(rate, { settleMs, countedMs }, call)
    return { ...found, attempts: (attempts - before) / arrivals }
  },
})

async function callOf(): Promise<() => Promise<unknown>> {
  if (name === 'hand-written') return callFloor(Number(port), () => count(1))
  if (name === 'holdfast') return callSlow(Number(port), count)
  const counted =
    (attempt: Attempt): Attempt =>
    (signal) => {
      count(1)
      return attempt(signal)
    }
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const make = (await peerNamed('overload.js', 'clients', name)) as (
    port: number,
    counted: (attempt: Attempt) => Attempt,
  ) => Promise<() => Promise<unknown>>
  return make(Number(port), counted)
}

/** The first calls of a cold process may come too late; if all do, there is nothing to measure. */
async function warm(): Promise<void> {
  let answered = 0
  for (let calls = 0; calls < WARM_CALLS; calls += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other: no overload yet.
    answered += await call().then(
      () => 1,
      () => 0,
    )
  }
  if (answered === 0) throw new Error(`${name} answered none of ${WARM_CALLS} single calls`)
}

function count(more: number): void {
  attempts += more
}
