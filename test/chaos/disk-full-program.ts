/**
 * The market on a small disk that fills up, and is freed again. Run by disk-full.test.ts in a mount
 * namespace of its own, where the folder named by the first argument is a small tmpfs.
 *
 * It prints what it saw as one line of JSON and judges nothing.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ending } from '../../examples/market/endings.ts'
import { Market } from './market-process.ts'

const TRIES_MAX = 2_000
const MEGABYTE = 1_048_576

const [disk = ''] = process.argv.slice(2)
const market = await Market.open({}, disk)
const acknowledged: string[] = []

try {
  market.start()
  await market.ready()
  await place('before')
  await fill(join(disk, 'filler'))
  const refused = await placeUntilRefused()
  const alive = (await fetch(new URL('/livez', market.origin))).status
  await rm(join(disk, 'filler'))
  const healed = await placeUntilAccepted(refused.key)
  const signal = AbortSignal.timeout(60_000)
  const endings = await Promise.all(acknowledged.map((id) => ending(market.origin, id, signal)))
  const stopped = await market.stop()
  process.stdout.write(`${JSON.stringify({ refused, alive, healed, endings, stopped })}\n`)
} finally {
  await market.close()
}

/** Takes all the room there is, the last kilobyte too. */
async function fill(path: string): Promise<void> {
  for (const bytes of [MEGABYTE, 1_024]) {
    for (let full = false; !full;) {
      full = await writeFile(path, Buffer.alloc(bytes), { flag: 'a' }).then(
        () => false,
        () => true,
      )
    }
  }
}

async function place(key: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(new URL('/orders', market.origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ sku: 'apple', quantity: 1 }),
  })
  const text = await response.text()
  if (response.status === 202) acknowledged.push(String(JSON.parse(text).orderId))
  return { status: response.status, text }
}

async function placeUntilRefused(): Promise<{ key: string; status: number; text: string }> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const key = `full-${tries}`
    const answer = await place(key)
    if (answer.status !== 202) return { key, ...answer }
  }
  return { key: '', status: 202, text: 'the disk never was too full' }
}

async function placeUntilAccepted(key: string): Promise<number> {
  for (let tries = 0; tries < 60; tries += 1) {
    const { status } = await place(key)
    if (status === 202) return status
    await pause(500)
  }
  return 503
}
