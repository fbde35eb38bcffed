/**
 * Three real NATS servers with a replicated stream, of which one or another is killed or stands still,
 * under load.
 *
 * Goal: no event that was committed is lost, each has its effect once, and order is kept per key, where
 * the broker's word counts and where the consumer's does.
 * Method: an emitter and a consumer on a real PostgreSQL, and no pause between events. Meanwhile the leader of
 * the stream is killed with -9 and started again, HOLDFAST_KILLS times (twenty at most, then nothing
 * new happens), and at the end each server stands still once for longer than its clients bear. A server
 * is killed only when the others have caught up: what is lost with a majority is no fault of anybody.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Acknowledgement } from '#model'
import { nats } from '../../src/adapters/nats.ts'
import { byKey, Rig, soon } from '../support/broker-rig.ts'
import { NatsCluster, natsVersion, needsNats } from '../support/nats-server.ts'

const KILLS = Math.min(20, Number(process.env['HOLDFAST_KILLS'] ?? 2))
/** Longer than a client waits for an answer to its pings. */
const PAUSE_MS = 7_000
const KEYS = 6
/** Between two transactions, each with an event of every key, in ms. */
const REST_MS = 40
/** What a busy machine needs until every leader is elected and every wait has ended. */
const SETTLE_MS_MAX = 300_000

const needed = needsNats()

for (const acknowledged of ['broker', 'end-to-end'] as const) {
  const title = `acknowledged by ${acknowledged === 'broker' ? 'the broker' : 'the consumer'}`
  test(
    `${KILLS} kills of the leader and three pauses lose nothing, ${title}`,
    needed,
    async (t) => {
      const cluster = await NatsCluster.start(3)
      try {
        const rig = await startRig(cluster, acknowledged)
        try {
          const load = new Load(rig)
          load.start()
          await harm(cluster, `${acknowledged}-orders-inventory`)
          await load.stop()
          t.diagnostic(`${await load.compare()} (${natsVersion()})`)
        } finally {
          await rig.stop()
        }
      } finally {
        await cluster.stop()
      }
    },
  )
}

async function startRig({ urls }: NatsCluster, acknowledged: Acknowledgement): Promise<Rig> {
  const brokerOf = nats({ servers: urls, replicas: 3, prefix: acknowledged, bytesMax: 33_554_432 })
  const idle = { kept: async () => 0, interrupt: async () => {} }
  return Rig.start(() => ({ brokerOf, ...idle }), { acknowledged })
}

/** An emitter that never rests. */
class Load {
  readonly #rig: Rig
  #isOver = false
  #emitted = 0
  #running: Promise<void> = Promise.resolve()

  constructor(rig: Rig) {
    this.#rig = rig
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      this.#emitted += 1
      const n = this.#emitted
      const steps = Array.from({ length: KEYS }, (_, key) => ({ key: `k${key}`, n }))
      // oxlint-disable-next-line no-await-in-loop -- one transaction after the other.
      await this.#rig.emit('placed', steps)
      // oxlint-disable-next-line no-await-in-loop -- leaves room for the rest of the machine.
      await pause(REST_MS)
    }
  }

  /** What came of it, in words; fails if it is not what was emitted. */
  async compare(): Promise<string> {
    const all = KEYS * this.#emitted
    await soon(
      `${all} events are seen`,
      async () => {
        await this.#rig.hurry()
        return (await this.#rig.count()) >= all
      },
      SETTLE_MS_MAX,
    )
    const seen = byKey(await this.#rig.seen())
    const wanted = Array.from({ length: this.#emitted }, (_, at) => at + 1)
    for (let key = 0; key < KEYS; key += 1) assert.deepEqual(seen[`k${key}`], wanted)
    assert.deepEqual(await this.#rig.dead(), [])
    await soon('the outbox is empty', async () => (await this.#rig.waiting()).length === 0)
    const retries = this.#rig.orders.facts.filter(({ fact }) => fact === 'undelivered').length
    const doubles = this.#rig.inventory.facts.filter(
      (each) => each.fact === 'consumed' && each.duplicate,
    ).length
    return `${all} events, each once and in order; ${retries} failed deliveries, ${doubles} duplicates swallowed`
  }
}

async function harm(cluster: NatsCluster, stream: string): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    const leader = cluster.server(await caughtUp(cluster, stream))
    await leader.kill()
    await pause(500 + Math.random() * 2_000)
    leader.start()
    await leader.ready()
  }
  for (const each of cluster.servers) {
    await caughtUp(cluster, stream)
    const goOn = each.pause()
    await pause(PAUSE_MS)
    goOn()
  }
}

/** The leader of the stream, once each of its replicas has all of it. */
async function caughtUp({ urls }: NatsCluster, stream: string): Promise<string> {
  let found = ''
  await soon(
    `the replicas of ${stream} have caught up`,
    async () => {
      const servers = urls.map((each) => each.slice(7))
      const connection = await connect({ servers, timeout: 2_000 })
      try {
        const { cluster: raft } = await (await jetstreamManager(connection)).streams.info(stream)
        const { leader = '', replicas = [] } = raft ?? {}
        found = leader
        return leader !== '' && replicas.length === 2 && replicas.every(({ current }) => current)
      } catch {
        // While there is no leader, nobody can say who it is.
        return false
      } finally {
        await connection.close()
      }
    },
    SETTLE_MS_MAX,
  )
  return found
}
