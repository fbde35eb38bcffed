/**
 * F4: the database answers reads and refuses writes.
 *
 * Goal: queries keep working, commands fail certainly without effect, and the health says which half is
 * down. Method: a real PostgreSQL that turns read-only under a running service, as it does when the
 * primary became a replica, and back again.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type OpenHost, openHost } from './support/host.ts'

const ORDERS = Array.from({ length: 20 }, (_, n) => ({ orderId: `o${n}`, cents: 500 }))

// Hooks at the root would run around every test of the process.
describe('a database that turns read-only', () => {
  let host: OpenHost
  beforeEach(async () => {
    host = await openHost()
  })
  afterEach(() => host.close())

  const authorize = (order: (typeof ORDERS)[number]): ReturnType<OpenHost['send']> =>
    host.send('POST', '/payments/authorize', order)

  /** A fail-over ends sessions, and who finds that out is told to ask again. */
  const insisted = async (order: (typeof ORDERS)[number]): ReturnType<OpenHost['send']> => {
    let answer = await authorize(order)
    // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
    for (let tries = 1; answer.status === 503 && tries < 5; tries += 1)
      answer = await authorize(order)
    return answer
  }

  test('a probe that only reads calls the database healthy while it refuses every command', async () => {
    await host.turn('read only')

    const isHealthy = await host.probeByReading()
    const answers = await Promise.all(ORDERS.map(authorize))

    assert.equal(isHealthy, true)
    assert.ok(answers.every(({ status }) => status === 503))
  })

  test('commands fail without effect, queries answer, and the health names the half that is down', async () => {
    await authorize({ orderId: 'before', cents: 300 })
    await host.turn('read only')

    const answers = await Promise.all(ORDERS.map(authorize))
    const balance = await host.send('GET', '/accounts/before')
    const ready = await host.send('GET', '/readyz')
    const alive = await host.send('GET', '/livez')

    for (const { status, json } of answers) {
      assert.deepEqual([status, json['code'], json['effect']], [503, 'HF_DB_READ_ONLY', 'none'])
    }
    assert.deepEqual([balance.status, balance.json], [200, { cents: 300 }])
    assert.equal(ready.status, 503)
    assert.deepEqual([ready.json['reads'], ready.json['writes']], ['up', 'down'])
    assert.equal(alive.status, 200, 'nobody restarts the process for it')
  })

  test('once it takes writes again, the same commands are done once, without a restart', async () => {
    await host.turn('read only')
    await Promise.all(ORDERS.map(authorize))
    await host.send('GET', '/readyz')

    await host.turn('writable')
    const answers = await Promise.all([...ORDERS, ...ORDERS].map(insisted))
    host.pass(1_001)
    const ready = await host.send('GET', '/readyz')

    assert.deepEqual(
      answers.filter(({ status }) => status !== 201),
      [],
    )
    assert.equal(await host.charges(), ORDERS.length)
    assert.equal(ready.status, 200)
  })
})
