/**
 * NATS JetStream keeps what every broker keeps, whether its own word counts or the consumer's.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { nats } from '../../src/adapters/nats.ts'
import { type Carrier, messageOf, Rig } from '../support/broker-rig.ts'
import { NatsCluster, needsNats } from '../support/nats-server.ts'
import { brokerSuite, KEPT_MAX } from './broker-suite.ts'

const needed = needsNats()
let cluster: NatsCluster | undefined
let rigs = 0

before(async () => {
  if (needed.skip === undefined) cluster = await NatsCluster.start(1)
})

after(async () => cluster?.stop())

function carrier(): Carrier {
  rigs += 1
  const prefix = `rig${rigs}`
  const [server] = cluster?.servers ?? []
  const servers = cluster?.urls ?? []
  return {
    brokerOf: nats({ servers, prefix, messagesMax: KEPT_MAX, bytesMax: 16_777_216 }),
    kept: async () => {
      const connection = await connect({ servers: servers.map((each) => each.slice(7)) })
      const manager = await jetstreamManager(connection)
      const { state } = await manager.streams.info(`${prefix}-orders-inventory`)
      await connection.close()
      return state.messages
    },
    interrupt: async () => {
      await server?.kill()
      await pause(300)
      server?.start()
      await server?.ready()
    },
  }
}

for (const acknowledged of ['broker', 'end-to-end'] as const) {
  brokerSuite({ name: `NATS, ${acknowledged}`, acknowledged, carrierOf: carrier, ...needed })
}

test('NATS keeps once what is sent to it twice', needed, async () => {
  const rig = await Rig.start(carrier)
  try {
    await rig.leave()
    const sender = rig.carrier.brokerOf(rig.orders)
    await sender.intake?.start(() => assert.fail('orders hears nothing'))

    await sender.deliver('inventory', messageOf(1, 'a'), 5_000)
    await sender.deliver('inventory', messageOf(1, 'a'), 5_000)

    assert.equal(await rig.carrier.kept(), 1)
    await sender.intake?.close()
  } finally {
    await rig.stop()
  }
})
