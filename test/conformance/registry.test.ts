/**
 * The registry on a real PostgreSQL: who announces itself is found, who stops is not, and who dies is
 * forgotten by the database's clock.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from '../../src/adapters/registry.ts'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { nodeClock, nodeRandom, nodeTimers } from '#world'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const { signal } = new AbortController()

test('instances that announce themselves are found, also when many begin at once', async () => {
  const url = await freshPostgresUrl()
  const registries = Array.from({ length: 5 }, () => new Registry(connectPostgres({ url }), world))

  const announced = await Promise.all(
    registries.map((registry, n) => registry.announce('payments', `http://10.0.0.${n}:80`)),
  )
  const [first] = registries
  const found = await first?.lookup('payments')(signal)
  const others = await first?.lookup('orders')(signal)

  assert.equal(found?.origins.length, 5)
  assert.deepEqual(others?.origins, [])
  await announced[2]?.stop()
  assert.equal((await first?.lookup('payments')(signal))?.origins.length, 4)
  await Promise.all(announced.map((each) => each.stop()))
  await Promise.all(registries.map((each) => each.close()))
})

test('an instance that died is forgotten fifteen seconds after it was last heard of', async () => {
  const url = await freshPostgresUrl()
  const connections = connectPostgres({ url })
  const registry = new Registry(connections, world)
  const announced = await registry.announce('payments', 'http://10.0.0.1:80')
  const age = async (seconds: number): Promise<void> => {
    const connection = await connections.acquire(1_000)
    await connection.query(
      `update hf_registry.instance set seen_at = now() - make_interval(secs => ${seconds})`,
    )
    connection.release({ broken: false })
  }

  await age(14)
  const before = await registry.lookup('payments')(signal)
  await age(16)
  const after = await registry.lookup('payments')(signal)

  assert.equal(before.origins.length, 1)
  assert.equal(after.origins.length, 0)
  await announced.stop()
  await registry.close()
})

test('a registry that cannot be reached keeps nobody from starting', async () => {
  const registry = new Registry(connectPostgres({ url: 'postgres://nobody@127.0.0.1:1/x' }), world)

  const announced = await registry.announce('payments', 'http://10.0.0.1:80')

  await assert.rejects(registry.lookup('payments')(signal))
  await announced.stop()
  await registry.close()
})
