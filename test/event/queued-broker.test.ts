/**
 * The broker over queues, in the time of the test: what a broker that lies does to an edge that believes
 * it, and what it cannot do to one that does not.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queuedBroker, relay, server, type Site } from '#edge'
import type { Acknowledgement } from '#model'
import type { Database } from '#state'
import { pglite } from '../support/databases.ts'
import {
  type Consume,
  emitSteps,
  eventDatabase,
  eventSystem,
  manualWorld,
  type ManualWorld,
  siteOf,
  type Step,
  until,
} from '../support/event-world.ts'
import { EDGE, messageOf } from '../support/broker-rig.ts'
import { type Fate, MemoryBroker } from '../support/memory-queues.ts'

const KEYS = ['a', 'b', 'c', 'd', 'e']

interface Running {
  readonly world: ManualWorld
  readonly broker: MemoryBroker
  readonly emit: (steps: readonly Step[]) => Promise<void>
  readonly consumer: Database
  readonly emitter: Database
  readonly facts: ReturnType<typeof siteOf>['facts']
}

/** Runs an emitter and a consumer over a broker with that fate for what it acknowledged. */
async function running(
  {
    acknowledged,
    fateOf,
    consume,
  }: {
    readonly acknowledged: Acknowledgement
    readonly fateOf?: (ordinal: number) => Fate
    readonly consume?: Consume
  },
  work: (all: Running) => Promise<void>,
): Promise<void> {
  await using first = await pglite.fresh()
  await using second = await pglite.fresh()
  const [emitter, consumer] = [await eventDatabase(first), await eventDatabase(second)]
  const world = manualWorld({ float: 0.5 })
  const broker = new MemoryBroker(world, fateOf)
  const { system, orders, inventory } = eventSystem(consume, { acknowledged })
  const sites = [
    siteOf({ system, service: orders }, { world, database: emitter }),
    siteOf({ system, service: inventory }, { world, database: consumer }),
  ] as const
  const ends = await Promise.all(sites.map((site) => run(site, broker)))
  try {
    const emit = async (steps: readonly Step[]): Promise<void> =>
      emitSteps(sites[0], 'placed', steps)
    await work({ world, broker, emit, consumer, emitter, facts: sites[1].facts })
  } finally {
    let isOver = false
    const ended = Promise.all(ends.map((end) => end())).then(() => (isOver = true))
    await until(world, () => isOver)
    await ended
  }
}

async function run(site: Site, broker: MemoryBroker): Promise<() => Promise<void>> {
  const carrier = queuedBroker(site, broker.queues())
  const inbox = server(site)
  const carrying = relay(site, carrier)
  await carrier.intake?.start(inbox.handle)
  carrying.start()
  return async () => {
    await carrier.intake?.stop()
    await carrying.stop()
  }
}

async function seenIn(database: Database): Promise<Step[]> {
  return (await database.query<Step>('select key, n from seen order by place')).rows
}

async function outbox(database: Database): Promise<number> {
  const text = 'select count(*)::int as n from hf.outbox where edge = $1'
  return (await database.query<{ n: number }>(text, [EDGE])).rows[0]?.n ?? 0
}

const steps = KEYS.flatMap((key) => [1, 2, 3, 4].map((n) => ({ key, n })))
const inOrder = (seen: readonly Step[]): void => {
  for (const key of KEYS)
    assert.deepEqual(
      seen.filter((each) => each.key === key).map(({ n }) => n),
      [1, 2, 3, 4],
    )
}

/** It loses the first parcel of each partition and doubles others. */
const liar = (ordinal: number): Fate =>
  ordinal <= 2 ? 'lost' : ordinal % 3 === 0 ? 'doubled' : 'kept'

test('a broker that loses what it acknowledged loses events of an edge that believes it', async () => {
  await running({ acknowledged: 'broker', fateOf: liar }, async (all) => {
    await all.emit(steps)

    await until(all.world, async () => (await outbox(all.emitter)) === 0 && all.broker.kept === 0)
    assert.ok(all.broker.lost > 0)
    assert.ok((await seenIn(all.consumer)).length < steps.length)
  })
})

test('E1: end to end, a broker that loses and doubles what it acknowledged does no harm', async () => {
  await running({ acknowledged: 'end-to-end', fateOf: liar }, async (all) => {
    await all.emit(steps)

    await until(all.world, async () => (await outbox(all.emitter)) === 0)
    assert.ok(all.broker.lost > 0)
    inOrder(await seenIn(all.consumer))
  })
})

test('E1: end to end, the outbox keeps an event until its consumer has confirmed it', async () => {
  let isReady = false
  const consume = (): void => {
    if (!isReady) throw new Error('not ready')
  }
  await running({ acknowledged: 'end-to-end', consume }, async (all) => {
    await all.emit([{ key: 'a', n: 1 }])

    await until(all.world, async () => all.facts.some(({ fact }) => fact === 'failed'))
    assert.equal(await outbox(all.emitter), 1)
    assert.equal(await outbox(all.consumer), 0, 'who confirms end to end parks nothing')

    isReady = true
    await all.emitter.query(
      'update hf.outbox set due_at = clock_timestamp() where error is not null',
    )
    await until(all.world, async () => (await outbox(all.emitter)) === 0)
    assert.deepEqual(await seenIn(all.consumer), [{ key: 'a', n: 1 }])
  })
})

test('E2: where its word counts, what is sent again is the same parcel', async () => {
  const world = manualWorld()
  const { system, orders: service } = eventSystem()
  const broker = new MemoryBroker(world)
  // No statement is sent here.
  const site = siteOf({ system, service }, { world, database: undefined as never })
  const sender = queuedBroker(site, broker.queues())
  const messages = [1, 2, 3].map((n) => messageOf(n, 'a'))

  for (let time = 0; time < 2; time += 1) {
    await sender.deliver('inventory', { ...messageOf(1, 'a'), attempt: time + 1 }, 1_000)
    await sender.deliverAll?.('inventory', messages, 1_000)
  }

  assert.equal(broker.kept, 2)
  assert.equal(broker.swallowed, 2)
})

test('I2: what follows a parked event of its key is parked behind it, and other keys pass', async () => {
  let isPoison = true
  const consume = ({ key, n }: Step): void => {
    if (isPoison && key === 'b' && n === 2) throw new Error('poison')
  }
  await running({ acknowledged: 'broker', consume }, async (all) => {
    await all.emit(steps)

    await until(all.world, async () => (await outbox(all.consumer)) === 3)
    assert.equal(await outbox(all.emitter), 0)
    assert.equal((await seenIn(all.consumer)).length, steps.length - 3)

    isPoison = false
    await all.consumer.query(
      'update hf.outbox set due_at = clock_timestamp() where error is not null',
    )
    await until(all.world, async () => (await outbox(all.consumer)) === 0)
    inOrder(await seenIn(all.consumer))
  })
})

test('I3: while the consumer cannot write, its queue waits and nothing is parked', async () => {
  await running({ acknowledged: 'broker' }, async (all) => {
    await all.consumer.query('set default_transaction_read_only = on')
    await all.emit([{ key: 'a', n: 1 }])
    await until(all.world, () => all.facts.some(({ fact }) => fact === 'failed'))
    assert.equal(all.broker.kept, 1)

    await all.consumer.query('set default_transaction_read_only = off')

    await until(all.world, async () => (await seenIn(all.consumer)).length === 1)
    assert.ok(!all.facts.some(({ fact }) => fact === 'undelivered'), 'nothing was parked')
  })
})
