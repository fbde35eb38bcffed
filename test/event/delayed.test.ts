/**
 * Events for later: `emit.placed(order, { after })` and `{ at }`.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { isHoldfastError } from '#errors'
import { engines } from '../support/databases.ts'
import { EDGE, Relays, recorder, steps } from '../support/event-relays.ts'
import {
  clear,
  emitSteps,
  eventDatabase,
  manualWorld,
  until,
  waiting,
} from '../support/event-world.ts'

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  /** Whole minutes until each row is due. */
  const minutes = async (): Promise<(number | null)[]> => {
    const { rows } = await database.query<{ minutes: number | null }>(
      `select round(extract(epoch from due_at - clock_timestamp()) / 60)::int as minutes
       from hf.outbox where edge = '${EDGE}' order by seq`,
    )
    return rows.map((row) => row.minutes)
  }

  describe(`delayed events on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('a delay counts from the commit, by the clock of the database', async () => {
      const { site } = relays.start(recorder(), manualWorld())

      await emitSteps(site, 'placed', [{ key: 'a', n: 1 }], { after: '5m' })

      assert.deepEqual(await minutes(), [5])
    })

    test('a moment that is past is due at once, and one too far ahead is refused', async () => {
      const world = manualWorld()
      const { site } = relays.start(recorder(), world)
      const at = (ms: number) => ({ at: new Date(world.clock.wallMs() + ms) })

      await emitSteps(site, 'placed', [{ key: 'a', n: 1 }], at(-1_000))
      await until(world, async () => (await waiting(database)) === 0)

      await assert.rejects(
        emitSteps(site, 'placed', [{ key: 'a', n: 2 }], at(367 * 86_400_000)),
        (error) => isHoldfastError(error, 'HF_EVENT_INVALID') && /limit is 366/.test(error.detail),
      )
      assert.equal(await waiting(database), 0)
    })

    test('a delayed event does not hold up its key, and is delivered when it is due', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { site } = relays.start(broker, world)

      await emitSteps(site, 'placed', [{ key: 'a', n: 1 }], { after: '1h' })
      await emitSteps(site, 'placed', [{ key: 'a', n: 2 }])
      await until(world, async () => (await waiting(database)) === 2)
      const early = steps(broker, EDGE)
      await relays.makeDue()
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(early, [{ key: 'a', n: 2 }])
      assert.deepEqual(steps(broker, EDGE), [
        { key: 'a', n: 2 },
        { key: 'a', n: 1 },
      ])
    })

    test('the lag of a delayed event does not count its delay', async () => {
      const world = manualWorld()
      const { site } = relays.start(recorder(), world)
      await emitSteps(site, 'noted', [{ key: '', n: 1 }], { after: '1h' })
      await database.query(
        `update hf.outbox set at = at - interval '1 hour', due_at = clock_timestamp()`,
      )

      await until(world, async () => (await waiting(database)) === 0)

      const fact = site.facts.find((each) => each.fact === 'delivered')
      assert.ok(fact?.fact === 'delivered' && fact.lagMs < 600_000)
    })
  })
}
