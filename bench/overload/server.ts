/**
 * The serving process of one subject of the overload bench. Argument: its name.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { freePort } from '../method/postgres.ts'
import { serveFloor } from './floor.ts'
import { serveSlow } from './holdfast.ts'

const name = process.argv[2] ?? ''
const own: Readonly<Record<string, () => Promise<number>>> = {
  'hand-written': serveFloor,
  holdfast: serveSlow,
}
const port = await (own[name] ?? peerPort)()

serve({ port: async () => ({ port }) })

async function peerPort(): Promise<number> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const start = (await peerNamed('overload.js', 'servers', name)) as (
    port: number,
  ) => Promise<number>
  return start(await freePort())
}
