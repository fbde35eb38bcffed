/**
 * What every lease store keeps, whoever grants: one holder at a time, tokens that only grow.
 *
 * Two holders share one store; a lease is made to expire by the store's own clock, through SQL.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { type Lease, type LeaseStore, databaseLeases, vacate } from '#lease'
import { engines } from '../support/databases.ts'
import { clear, eventDatabase, manualWorld, type ManualWorld } from '../support/event-world.ts'

const TTL_MS = 5_000

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const storeOf = (holder: string, world: ManualWorld = manualWorld()): LeaseStore =>
    databaseLeases({ database, clock: world.clock, holder, ttlMs: TTL_MS })

  describe(`leases on ${engine.name}`, () => {
    beforeEach(() => clear(database))

    async function expire(): Promise<void> {
      await database.query(`update hf.lease set expires_at = '-infinity'`)
    }

    test('a name has one holder', async () => {
      const [first, second] = [storeOf('a'), storeOf('b')]

      const won = await first.acquire(['x', 'y'])
      const lost = await second.acquire(['y', 'z'])

      assert.deepEqual(names(won), ['x', 'y'])
      assert.deepEqual(names(lost), ['z'])
    })

    test('L3: a renewal keeps the token and lengthens the lease', async () => {
      const store = storeOf('a')
      const [before] = await store.acquire(['x'])
      await database.query(`update hf.lease set expires_at = clock_timestamp() + interval '1 s'`)

      const [renewed] = await store.acquire(['x'])

      assert.equal(renewed?.token, before?.token)
      const { rows } = await database.query(
        `select expires_at > clock_timestamp() + interval '3 s' as longer from hf.lease`,
      )
      assert.deepEqual(rows, [{ longer: true }])
    })

    test('L3: an expired lease is taken with a higher token, by anybody', async () => {
      const [first, second] = [storeOf('a'), storeOf('b')]
      const [before] = await first.acquire(['x'])
      await expire()

      const [taken] = await second.acquire(['x'])
      await expire()
      const [back] = await second.acquire(['x'])

      assert.ok(before && taken && back)
      assert.ok(before.token < taken.token)
      assert.ok(taken.token < back.token)
      assert.deepEqual(await first.acquire(['x']), [])
    })

    test('L4: a released lease is free at once, and its token goes on growing', async () => {
      const [first, second] = [storeOf('a'), storeOf('b')]
      const leases = await first.acquire(['x'])

      await first.release(leases)
      const [next] = await second.acquire(['x'])

      assert.ok(leases[0] && next && next.token > leases[0].token)
    })

    test('releasing a lease that was lost does not harm its new holder', async () => {
      const [first, second] = [storeOf('a'), storeOf('b')]
      const lost = await first.acquire(['x'])
      await expire()
      const [taken] = await second.acquire(['x'])

      await first.release(lost)
      const [renewed] = await second.acquire(['x'])

      assert.equal(renewed?.token, taken?.token)
    })

    test('L1: the clocks of the processes do not matter', async () => {
      const [behind, ahead] = [manualWorld(), manualWorld()]
      ahead.advance(3_600_000)

      await storeOf('a', behind).acquire(['x'])

      assert.deepEqual(await storeOf('b', ahead).acquire(['x']), [])
    })

    test('L2: a holder counts from before it asked, and stops before the lease does', async () => {
      const world = manualWorld()
      const slow = databaseLeases({
        database: {
          ...database,
          query: async (text, params, options) => {
            world.advance(2_000)
            return database.query(text, params, options)
          },
        },
        clock: world.clock,
        holder: 'a',
        ttlMs: TTL_MS,
      })

      const [lease] = await slow.acquire(['x'])

      assert.equal(lease?.deadline.remainingMs(), 2_500)
    })

    test('L5: a token carries the timeline of the log in its high bits', async () => {
      const [lease] = await storeOf('a').acquire(['x'])

      assert.equal(lease?.token, (1n << 32n) + 1n)
    })

    test('(name, token) is unique, so that a takeover waits for whoever holds the row', async () => {
      const { rows } = await database.query<{ columns: string }>(
        `select pg_get_constraintdef(oid) as columns from pg_constraint
         where conrelid = 'hf.lease'::regclass and contype = 'u'`,
      )

      assert.deepEqual(
        rows.map((row) => row.columns),
        ['UNIQUE (name, token)'],
      )
    })

    if (database.exclusive) {
      test('vacate expires what earlier processes held', async () => {
        const [before] = await storeOf('a').acquire(['x', 'y'])

        const vacated = await vacate(database)
        const [taken] = await storeOf('b').acquire(['x'])

        assert.equal(vacated, 2)
        assert.ok(before && taken && taken.token > before.token)
      })
      return
    }

    test('vacate is refused where other processes may be alive', async () => {
      await assert.rejects(vacate(database), /exclusive/)
    })

    test('of ten holders that saw a lease expired at once, one gets it', async () => {
      await storeOf('old').acquire(['x'])
      await expire()
      const gate = Promise.withResolvers<void>()
      const locked = Promise.withResolvers<void>()
      const lock = database.transaction({ timeoutMs: 9_000 }, async (tx) => {
        await tx.query('select 1 from hf.lease for update')
        locked.resolve()
        await gate.promise
      })
      await locked.promise

      const asked = Array.from({ length: 10 }, (_, n) => storeOf(`h${n}`).acquire(['x']))
      await locksAreAwaited(10)
      gate.resolve()
      await lock
      const granted = (await Promise.all(asked)).flat()

      assert.deepEqual(
        granted.map((each) => each.token),
        [(1n << 32n) + 2n],
      )
    })

    test('L6: a renewal does not wait for a fence, a takeover does', async () => {
      const [first, second] = [storeOf('a'), storeOf('b')]
      await first.acquire(['x'])
      const events: string[] = []
      const gate = Promise.withResolvers<void>()
      const fenced = Promise.withResolvers<void>()
      const fence = database.transaction({ timeoutMs: 9_000 }, async (tx) => {
        await tx.query(`select 1 from hf.lease where name = 'x' for key share`)
        fenced.resolve()
        await gate.promise
        events.push('fenced work ends')
      })
      await fenced.promise

      await first.acquire(['x'])
      events.push('renewed')
      await expire()
      const takeover = second.acquire(['x']).finally(() => events.push('taken'))
      await locksAreAwaited(1)
      gate.resolve()
      await fence
      const leases = await takeover

      assert.deepEqual(events, ['renewed', 'fenced work ends', 'taken'])
      assert.equal(leases.length, 1)
    })

    async function locksAreAwaited(many: number): Promise<void> {
      for (let turns = 0; turns < 2_000; turns += 1) {
        const { rows } = await database.query('select 1 from pg_locks where not granted')
        if (rows.length >= many) return
      }
      assert.fail(`fewer than ${many} wait`)
    }
  })
}

function names(leases: readonly Lease[]): string[] {
  return leases.map((each) => each.name).toSorted()
}
