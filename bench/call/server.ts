/**
 * The serving process of one subject of the call bench. Argument: its name.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { freePort } from '../method/postgres.ts'
import { serveEcho } from './echo.ts'

const name = process.argv[2] ?? ''
const port = name === 'holdfast' ? await serveEcho() : await peerPort()

serve({
  port: async () => ({ port }),
  async cpu() {
    const { user, system } = process.cpuUsage()
    return { us: user + system }
  },
})

async function peerPort(): Promise<number> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const start = (await peerNamed('echo.js', 'servers', name)) as (port: number) => Promise<number>
  return start(await freePort())
}
