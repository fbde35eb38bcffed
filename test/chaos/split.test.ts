/**
 * A system in several processes that find each other in a registry, of which some die.
 *
 * Goal: a service may move, and its neighbours follow without a restart; no order is lost or charged
 * twice. Method: payments runs in two processes of its own, on one PostgreSQL. Under load one is killed
 * with `kill -9`, a third one is started on other ports, and the second is killed, too.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Acknowledged, load } from '../../examples/market/load.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { freePorts } from '../support/free-ports.ts'
import { Market, marketFolder, start } from './market-process.ts'

const ORDERS = 120
const SETTLE_MS_MAX = 60_000
const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

test('payments dies and comes back elsewhere, twice, and its neighbours follow it', async () => {
  const shared = {
    DATABASE_URL: await freshPostgresUrl(),
    HOLDFAST_REGISTRY_URL: await freshPostgresUrl(),
  }
  const market = await Market.open({ ...shared, HOLDFAST_SERVICES: 'orders,inventory,ledger' })
  const instances: ChildProcess[] = []
  try {
    instances.push(await payments(market), await payments(market))
    market.start()
    await market.ready()

    const acknowledged: Acknowledged[] = []
    const customers = load({
      origin: market.origin,
      ordersPerSecond: 20,
      ordersMax: ORDERS,
      signal: new AbortController().signal,
      onAcknowledged: (order) => acknowledged.push(order),
    })
    await pause(1_500)
    instances[0]?.kill('SIGKILL')
    instances.push(await payments(market))
    await pause(1_000)
    instances[1]?.kill('SIGKILL')
    const { begun, contradicted } = await customers

    assert.deepEqual(contradicted, [])
    assert.equal(acknowledged.length, begun)
    await settled(market, acknowledged)
    const charged = (await market.charges()).filter(({ status }) => status === 'charged')
    assert.equal(new Set(charged.map(({ orderId }) => orderId)).size, charged.length)
    assert.ok(charged.length > ORDERS / 2, `${charged.length} orders were charged`)
    assert.equal(await market.stop(), 0, market.output())
  } finally {
    for (const each of instances) each.kill('SIGKILL')
    await market.close()
  }
})

/** One more process that runs payments and nothing else. Ends when it is ready. */
async function payments(market: Market): Promise<ChildProcess> {
  const port = await freePorts(5)
  const environment = {
    ...market.environment,
    PORT: String(port),
    HOLDFAST_DIR: join(market.directory, `payments-${port}`),
    HOLDFAST_SERVICES: 'payments',
  }
  const child = start([cli, 'dev', marketFolder], environment)
  child.stdout?.resume()
  child.stderr?.resume()
  for (let tries = 0; tries < 300; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- asked until it is ready.
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await response?.body?.cancel()
    if (response?.ok === true) return child
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await pause(100)
  }
  child.kill('SIGKILL')
  return assert.fail('payments was not ready within 30 s')
}

async function settled(market: Market, acknowledged: readonly Acknowledged[]): Promise<void> {
  const giveUpMs = performance.now() + SETTLE_MS_MAX
  for (const { orderId } of acknowledged) {
    // oxlint-disable-next-line no-await-in-loop -- one order after the other.
    while ((await market.get(`/orders/${orderId}`))['status'] === 'pending') {
      assert.ok(performance.now() < giveUpMs, `${orderId} is still open:\n${market.output()}`)
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await pause(50)
    }
  }
}
