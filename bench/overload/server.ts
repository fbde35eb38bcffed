/**
 * The serving process of one subject of the overload bench. Arguments: its name and its capacity.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { freePort } from '../method/postgres.ts'
import { serveFloor } from './floor.ts'
import { serveSlow } from './holdfast.ts'
import { atOnceOf } from './load.ts'

const [, , name = '', capacity = ''] = process.argv
const atOnce = atOnceOf(Number(capacity))
const own: Readonly<Record<string, (places: number) => Promise<number>>> = {
  'hand-written': serveFloor,
  holdfast: serveSlow,
}
const port = await (own[name] ?? peerPort)(atOnce)

serve({ port: async () => ({ port }) })

async function peerPort(places: number): Promise<number> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const start = (await peerNamed('overload.js', 'servers', name)) as (
    free: number,
    places: number,
  ) => Promise<number>
  return start(await freePort(), places)
}
