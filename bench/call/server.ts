/**
 * The serving process of one subject of the call bench. Argument: its name.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { freePort } from '../method/postgres.ts'
import { serveEcho } from './echo.ts'
import { serveFramed } from './framed.ts'

const name = process.argv[2] ?? ''
const port = await served()

serve({
  port: async () => ({ port }),
  async cpu() {
    const { user, system } = process.cpuUsage()
    return { us: user + system }
  },
})

async function served(): Promise<number> {
  if (name.startsWith('holdfast')) return serveEcho()
  return name === 'framed socket, by hand' ? serveFramed() : peerPort()
}

async function peerPort(): Promise<number> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const start = (await peerNamed('echo.js', 'servers', name)) as (port: number) => Promise<number>
  return start(await freePort())
}
