/**
 * One subject of the events bench in its process: both ends of its pipe. Arguments: its name, the URLs
 * of the source and of the target.
 */
import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { serve } from '../method/child.ts'
import { peerNamed } from '../method/peer.ts'
import { startFloor } from './floor.ts'
import { startHoldfast } from './holdfast.ts'
import { SENDERS, SOURCE_TABLES, type StartPipe, TARGET_TABLES } from './pipe.ts'

/** A pipe that lost an event must not be waited for. */
const BURST_MS_MAX = 60_000

const [, , name = '', source = '', target = ''] = process.argv
const own: Readonly<Record<string, StartPipe>> = {
  'hand-written': startFloor,
  holdfast: startHoldfast('place'),
  'holdfast, with a key': startHoldfast('placeOnce'),
}

let effects = 0
let onEffect = (): void => {}
const start = own[name] ?? (await peerPipe())
const pipe = await start({ source, target }, () => {
  effects += 1
  onEffect()
})

serve({
  async burst(count = 0) {
    const all = effects + count
    const arrived = new Promise<void>((resolve, reject) => {
      const late = (): void => reject(new Error(`${all - effects} of ${count} events are missing`))
      const timer = setTimeout(late, BURST_MS_MAX)
      onEffect = () => {
        if (effects < all) return
        clearTimeout(timer)
        resolve()
      }
    })
    const before = process.cpuUsage()
    const startedMs = performance.now()
    await Promise.all([sendAll(count), arrived])
    const seconds = (performance.now() - startedMs) / 1_000
    const { user, system } = process.cpuUsage(before)
    return { rate: count / seconds, us: (user + system) / count }
  },
})

async function sendAll(count: number): Promise<void> {
  let sent = 0
  const sender = async (): Promise<void> => {
    while (sent < count) {
      sent += 1
      // oxlint-disable-next-line no-await-in-loop -- a sender sends one order after the other.
      await pipe.send(randomUUID())
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
}

async function peerPipe(): Promise<StartPipe> {
  await tables(source, SOURCE_TABLES)
  await tables(target, TARGET_TABLES)
  // The peers' modules are JavaScript; `peerNamed` saw that this is a function.
  return (await peerNamed('events.js', 'pipes', name)) as StartPipe
}

async function tables(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(text)
  await client.end()
}
