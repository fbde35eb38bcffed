/**
 * S5: two services write one store.
 *
 * Goal: a rule is kept by whoever owns the rows, and nobody else can reach them. Method: accounts keeps
 * the rule that no more is reserved than is there; billing takes money, and has a rule of its own. Once
 * both run their SQL on one database, as two programs with one connection string do; once each has
 * its own, and billing asks.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { mapOf } from '#map'
import { after, command, contract, edge, service, sql, system } from 'holdfast'
import { simulate } from 'holdfast/sim'
import { z } from 'zod'
import { pglite } from '../support/databases.ts'

const Money = z.object({ id: z.string(), cents: z.int() })
const tables = (name: string) => sql({ migrations: new URL(`./support/${name}/`, import.meta.url) })

/** The rule of accounts: what is reserved is there. */
const RESERVE = `update account set reserved = reserved + $2
                 where id = $1 and cents - reserved >= $2 returning id`

/** The rule of billing, whose authors never heard of reservations: nobody has less than nothing. */
const TAKE = 'update account set cents = cents - $2 where id = $1 and cents >= $2 returning id'

/** The same, by the rule of accounts. */
const TAKE_FREE = `update account set cents = cents - $2
                   where id = $1 and cents - reserved >= $2 returning id`

/** One database, and two programs that know its address. */
async function shared(work: (run: Run) => Promise<void>): Promise<void> {
  await using database = await pglite.fresh()
  const session = await database.acquire(1_000)
  await session.script(readFileSync('test/failures/support/credit/0001_account.sql', 'utf8'))
  await work(async (text, params = []) => (await session.query(text, params)).rows)
  session.release({ broken: false })
}

type Run = (text: string, params?: unknown[]) => Promise<readonly unknown[]>

test('on one database each service keeps its rule, and together they break it', async () => {
  await shared(async (run) => {
    assert.equal((await run(RESERVE, ['a1', 80])).length, 1, 'accounts finds that it is there')
    assert.equal((await run(TAKE, ['a1', 50])).length, 1, 'and so does billing')

    assert.deepEqual(await run('select cents, reserved from account'), [
      { cents: 50, reserved: 80 },
    ])
  })
})

test('on one database a column that one service renames is gone for the other', async () => {
  await shared(async (run) => {
    await run('alter table account rename column cents to balance')

    await assert.rejects(run(TAKE, ['a1', 50]), /"cents" does not exist/)
  })
})

const accounts = contract('accounts', {
  reserve: command({ input: Money, key: ({ id }) => `reserve ${id}`, refuses: { short: Money } }),
  take: command({ input: Money, key: ({ id }) => `take ${id}`, refuses: { short: Money } }),
})

const accountsService = service(accounts, tables('credit'), {
  handle: {
    reserve: async ({ tx, input, refuse }) => {
      const { rows } = await tx.query(RESERVE, [input.id, input.cents])
      return rows.length === 0 ? refuse.short(input) : undefined
    },
    take: async ({ tx, input, refuse }) => {
      const { rows } = await tx.query(TAKE_FREE, [input.id, input.cents])
      return rows.length === 0 ? refuse.short(input) : undefined
    },
  },
})

const billing = contract('billing', {
  reachOver: command({ input: Money, key: ({ id }) => id }),
  bill: command({ input: Money, key: ({ id }) => id, output: z.object({ isPaid: z.boolean() }) }),
})

const toAccounts = edge(accounts, { deadline: '1s' })

function billingService(database: string) {
  return service(billing, tables(database), {
    uses: [toAccounts],
    handle: {
      reachOver: async ({ tx, input }) => {
        await tx.query(TAKE, [input.id, input.cents])
      },
      bill: after(
        async ({ input, call }) => (await call.outcome(toAccounts.take, input)).kind,
        async ({ tx, input, asked }) => {
          if (asked === 'done')
            await tx.query('insert into bill values ($1, $2)', [input.id, input.cents])
          return { isPaid: asked === 'done' }
        },
      ),
    },
  })
}

const apart = system('shop', { services: [accountsService, billingService('billing')] })

test('with a database each, the rows of another are out of reach, and its rule holds for all', async () => {
  const ended: unknown[] = []
  const { violations } = await simulate(apart, {
    seeds: 1,
    faults: [],
    load: async (world) => {
      await world.client(accounts).reserve({ id: 'a1', cents: 80 })
      const { reachOver, bill } = world.client(billing)
      ended.push((await reachOver.outcome({ id: 'a1', cents: 50 })).kind)
      ended.push(await bill({ id: 'a1', cents: 50 }))
    },
    settled: {
      'what is reserved is there': async ({ sql: read }) => {
        const [account] = await read('accounts')`select cents, reserved from account`
        return account?.['cents'] === 100 && account['reserved'] === 80
      },
    },
  })

  assert.deepEqual(violations, [])
  assert.deepEqual(ended, ['unsent', { isPaid: false }])
})

test('two services that declare one database are an error on the map, before anything runs', () => {
  const together = system('shop', { services: [accountsService, billingService('credit')] })
  const errorsOf = (each: typeof together): readonly string[] =>
    mapOf(each)
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ code, at }) => `${code} ${at}`)

  assert.deepEqual(errorsOf(together), ['shared-store db(accounts+billing)'])
  assert.deepEqual(errorsOf(apart), [])
})
