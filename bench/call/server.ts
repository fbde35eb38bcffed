/**
 * The serving process of one subject of the call bench. Arguments: its name and, for those who need one,
 * the URL of a database.
 */
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { freePort } from '../method/postgres.ts'
import { serveEcho } from './echo.ts'
import { held } from './held.ts'
import { serveFramed } from './framed.ts'
import { serveKeyed } from './keyed.ts'

const [, , name = '', url = ''] = process.argv
const port = await served()

serve({
  port: async () => ({ port }),
  async cpu() {
    const { user, system } = process.cpuUsage()
    return { us: user + system }
  },
  held: async () => held(),
})

async function served(): Promise<number> {
  if (name.startsWith('holdfast')) return url === '' ? serveEcho() : serveKeyed(url)
  return name === 'framed socket, by hand' ? serveFramed() : peerPort()
}

async function peerPort(): Promise<number> {
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  const start = (await peerNamed('echo.js', 'servers', name)) as (port: number) => Promise<number>
  return start(await freePort())
}
