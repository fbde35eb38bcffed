/**
 * The serving process of one subject of the overload bench. Arguments: its name and its capacity.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { freePort } from '../method/postgres.ts'
import { serveFloor } from './floor.ts'
import { serveSlow } from './holdfast.ts'
import { atOnceOf, compute, computes, possible } from './load.ts'

/** Long enough for fifty calls of one place. */
const POSSIBLE_MS = 500

const [, , name = '', argument = ''] = process.argv
const capacity = Number(argument)
const own: Readonly<Record<string, (capacity: number) => Promise<number>>> = {
  'hand-written': serveFloor,
  holdfast: serveSlow,
}
const port = await (own[name] ?? peerPort)(capacity)

serve({
  port: async () => ({ port }),
  possible: async () => ({ rate: await possible(capacity, POSSIBLE_MS) }),
})

async function peerPort(): Promise<number> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const start = (await peerNamed('overload.js', 'servers', name)) as (
    free: number,
    places: number,
    work: (() => void) | undefined,
  ) => Promise<number>
  return start(await freePort(), atOnceOf(capacity), computes(capacity) ? compute : undefined)
}
