/**
 * What NATS is asked before the first event: whoever cannot keep the promises is refused by name.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { HoldfastError } from '#errors'
import { isOld } from '../../src/adapters/nats-connection.ts'
import { nats, type NatsOptions } from '../../src/adapters/nats.ts'
import { byKey, Rig, soon } from '../support/broker-rig.ts'
import { eventSystem, siteOf } from '../support/event-world.ts'
import { freePorts } from '../support/free-ports.ts'
import { NatsCluster, needsNats } from '../support/nats-server.ts'
import { nodeClock, nodeRandom, nodeTimers } from '#world'

const clusters: NatsCluster[] = []

async function serverWith(more?: readonly string[]): Promise<NatsCluster> {
  const cluster = await NatsCluster.start(1, more)
  clusters.push(cluster)
  return cluster
}

/** What starting the intake of orders fails with. */
async function failureOf(options: NatsOptions): Promise<HoldfastError> {
  const { system, orders: service } = eventSystem()
  const network = {
    send: () => Promise.reject(new Error()),
    listen: () => Promise.reject(new Error()),
  }
  const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom, network }
  // No statement is sent before the broker is found to be fit.
  const { intake } = nats(options)(
    siteOf({ system, service }, { world, database: undefined as never }),
  )
  assert.ok(intake)
  try {
    await intake.start(() => assert.fail('nothing is handed over'))
  } catch (error) {
    assert.ok(error instanceof HoldfastError)
    assert.equal(error.effect, 'none')
    return error
  } finally {
    await intake.close()
  }
  return assert.fail('it started')
}

describe('NATS before the first event', needsNats(), () => {
  after(async () => {
    await Promise.all(clusters.map((each) => each.stop()))
  })

  test('a server that is not there is named, and its password is not', async () => {
    const port = await freePorts(1)

    const failure = await failureOf({ servers: `nats://holdfast:hunter2@127.0.0.1:${port}` })

    assert.equal(failure.code, 'HF_BROKER_UNAVAILABLE')
    assert.match(failure.message, new RegExp(`127.0.0.1:${port}`))
    assert.doesNotMatch(JSON.stringify([failure.message, failure.detail, failure.fix]), /hunter2/)
  })

  test('a server without JetStream is refused', async () => {
    const { urls } = await serverWith([])

    const failure = await failureOf({ servers: urls })

    assert.equal(failure.code, 'HF_BROKER_UNFIT')
    assert.match(failure.message, /jetstream/i)
  })

  test('three replicas need three servers', async () => {
    const { urls } = await serverWith()

    const failure = await failureOf({ servers: urls, replicas: 3 })

    assert.equal(failure.code, 'HF_BROKER_UNFIT')
    assert.match(failure.message, /3 replicas.*replicas > 1 not supported/)
  })

  test('a stream that promises less than what was declared is refused, and left as it is', async () => {
    const { urls } = await serverWith()
    const connection = await connect({ servers: urls.map((each) => each.slice(7)) })
    const manager = await jetstreamManager(connection)
    const name = 'weak-orders-inventory'
    await manager.streams.add({ name, subjects: [`${name}.*`], storage: 'memory' })

    const failure = await failureOf({ servers: urls, prefix: 'weak' })

    assert.equal(failure.code, 'HF_BROKER_UNFIT')
    assert.match(failure.detail, /weak-orders-inventory has .*storage memory instead of file/)
    assert.equal((await manager.streams.info(name)).config.storage, 'memory')
    await connection.close()
  })

  test('an even number of replicas is refused before anybody is asked', () => {
    assert.throws(() => nats({ servers: 'nats://127.0.0.1', replicas: 2 }), /HF|2 replicas/)
  })

  test('a server older than 2.9 is too old', () => {
    const old = ['1.4.1', '2.8.4', '2.2', 'unknown', '']
    const young = ['2.9.0', '2.9.10', '2.15.1', '3.0.0']

    assert.deepEqual([...old, ...young].filter(isOld), old)
  })

  test('end to end, even a stream that is deleted with all it keeps loses nothing', async () => {
    const { urls } = await serverWith()
    const idle = { kept: async () => 0, interrupt: async () => {} }
    const brokerOf = nats({ servers: urls, prefix: 'gone' })
    const rig = await Rig.start(() => ({ brokerOf, ...idle }), { acknowledged: 'end-to-end' })
    const connection = await connect({ servers: urls.map((each) => each.slice(7)) })
    try {
      await rig.leave()
      await rig.emit(
        'placed',
        [1, 2, 3].map((n) => ({ key: 'a', n })),
      )
      const manager = await jetstreamManager(connection)
      const name = 'gone-orders-inventory'
      await soon(
        'the broker keeps it',
        async () => (await manager.streams.info(name)).state.messages > 0,
      )

      await manager.streams.delete(name)
      await rig.comeBack()

      await soon('all are seen', async () => {
        await rig.hurry()
        return (await rig.count()) >= 3
      })
      assert.deepEqual(byKey(await rig.seen()), { a: [1, 2, 3] })
    } finally {
      await connection.close()
      await rig.stop()
    }
  })
})
