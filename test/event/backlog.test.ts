/**
 * The bound of an edge's backlog: what is declared, what is measured, and what an emitter does at it.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { isHoldfastError } from '#errors'
import { type BacklogBound, contract, event, service, sql, system, when } from '#model'
import { countOn, Gauge } from '../../src/edge/event/backlog.ts'
import { flush } from '../../src/edge/event/outbox.ts'
import { engines } from '../support/databases.ts'
import {
  clear,
  eventDatabase,
  manualWorld,
  orders,
  siteOf,
  waiting,
} from '../support/event-world.ts'

const db = sql({ migrations: new URL('file:///nowhere/') })

const isFull = (error: unknown): boolean => isHoldfastError(error, 'HF_OUTBOX_FULL')

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())

  /** Orders under a bound, with mail as the subscriber; `emit` is one transaction. */
  const bounded = (backlog: BacklogBound) => {
    const placed = event({ payload: orders.placed.payload, key: (step) => step.key, backlog })
    const promised = contract('orders', { placed })
    const source = service(promised, db, { handle: {} })
    const mail = service(contract('mail', {}), db, {
      handle: {},
      when: [when(promised.placed, () => {})],
    })
    const whole = system('shop', { services: [source, mail] })
    const world = manualWorld()
    const site = siteOf({ system: whole, service: source }, { world, database })
    const emit = async (events = 1): Promise<void> => {
      const emission = { event: 'placed', key: 'k', payload: { key: 'k', n: 1 } }
      const flushed = await database.transaction({ timeoutMs: 5_000 }, (tx) =>
        flush(
          site,
          tx,
          Array.from({ length: events }, () => emission),
        ),
      )
      flushed.committed()
    }
    const gauge = new Gauge({ database, clock: world.clock }, whole.eventEdges, promised)
    return { site, world, gauge, emit }
  }

  describe(`backlog on ${engine.name}`, () => {
    beforeEach(async () => {
      await clear(database)
      await bounded({}).gauge.read()
    })

    test('L1: an edge that is full refuses, with the number, the limit and the edge', async () => {
      const { gauge, emit, world } = bounded({ events: 2 })
      await emit()
      await gauge.read()
      await emit()
      world.advance(60_000)
      await gauge.read()

      await assert.rejects(
        emit(),
        (error) =>
          isFull(error) &&
          /^orders>mail: .*: 2 events wait.*limit.*2 events$/.test(
            String(Reflect.get(Object(error), 'message')),
          ),
      )
      assert.equal(await waiting(database), 2)
    })

    test('L1: an edge whose oldest event is too old refuses, though it is short', async () => {
      const { gauge, emit, world } = bounded({ age: '1h' })
      await emit()
      await gauge.read()
      await emit()
      await database.query(`update hf.outbox set at = at - interval '61 minutes'`)
      world.advance(60_000)
      await gauge.read()

      await assert.rejects(emit(), isFull)
    })

    test('dead letters and events for later do not make an edge old', async () => {
      const { gauge, emit } = bounded({ age: '1h' })
      await emit()
      await emit()
      await database.query(
        `update hf.outbox set at = at - interval '2 hours', due_at = 'infinity', error = 'dead'`,
      )
      await emit()
      await gauge.read()

      await emit()

      assert.equal(await waiting(database), 4)
    })

    test('where the contract says shed, the transaction commits and the loss is stated', async () => {
      const { gauge, emit, site } = bounded({ events: 1, full: 'shed' })
      await emit()
      await gauge.read()

      await emit()

      assert.equal(await waiting(database), 1)
      assert.ok(
        site.facts.some((each) => each.fact === 'failed' && each.work === 'shed orders>mail'),
      )
    })

    test('a backlog that was worked off takes events again', async () => {
      const { gauge, emit, world } = bounded({ events: 1 })
      await emit()
      await gauge.read()
      await assert.rejects(emit(), isFull)

      await database.query('delete from hf.outbox')
      world.advance(60_000)
      await gauge.read()

      await emit()
    })

    test('L1: between two measurements, what this process commits is counted on', async () => {
      const { gauge, emit } = bounded({ events: 3 })
      await gauge.read()

      for (let n = 0; n < 3; n += 1) await emit()

      await assert.rejects(emit(), isFull)
      assert.equal(await waiting(database), 3)
    })

    test('L1: what one transaction emits is counted, too, and nothing of it is kept', async () => {
      const { gauge, emit } = bounded({ events: 3 })
      await gauge.read()
      await emit()

      await assert.rejects(emit(3), isFull)
      await emit(2)

      assert.equal(await waiting(database), 3)
    })

    test('what was delivered makes room at once', async () => {
      const { gauge, emit } = bounded({ events: 1 })
      await gauge.read()
      await emit()
      await assert.rejects(emit(), isFull)

      countOn(database, 'orders>mail', -1)

      await emit()
    })

    test('L2: it is not measured again at once', async () => {
      const { gauge, emit, world } = bounded({ events: 1 })
      await gauge.read()
      await database.query(
        `insert into hf.outbox (edge, part, id, body) values ('orders>mail', 0, 'by another', '1')`,
      )
      world.advance(900)
      await gauge.read()

      await emit()

      assert.equal(await waiting(database), 2)
    })
  })
}
