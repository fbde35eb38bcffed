/**
 * C1: two withdrawals from one account both pass the check, and the balance goes negative.
 *
 * Goal: one handler, which looks and then acts, overdraws the account or does not, by what its database
 * declares. Method: on a real PostgreSQL two withdrawals meet between look and act, so that the conflict
 * is certain; in the simulation they meet as the seed decides, among crashes and injected conflicts.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TransactionIsolation } from 'holdfast'
import { type Load, simulate, type SimulationResult } from 'holdfast/sim'
import { postgres } from '../support/databases.ts'
import { served, withTables, type Served } from '../support/served.ts'
import { bothLooked } from './support/racing.ts'
import { accountsAt, accountTables } from './support/withdrawal.ts'

const ROUNDS = 10
const SEEDS = 12
const TRIES_MAX = 200

const tables = readFileSync(new URL('0001_account.sql', accountTables), 'utf8')

/** Two withdrawals of 80 from 100, which meet after both have looked. Gives what they were answered. */
async function meeting(isolation: TransactionIsolation): Promise<{
  readonly statuses: readonly number[]
  readonly left: number
  readonly runs: number
}> {
  const database = await withTables(postgres, tables)
  const together = bothLooked()
  let runs = 0
  const between = async (): Promise<void> => {
    runs += 1
    await together()
  }
  const account = served(database, accountsAt(isolation, between))
  const answers = await Promise.all([withdraw(account, 'one'), withdraw(account, 'two')])
  const left = await account.number("select cents from account where id = 'a0'")
  await database.close()
  return { statuses: answers.map(({ status }) => status).toSorted((a, b) => a - b), left, runs }
}

async function withdraw(account: Served, id: string): ReturnType<Served['send']> {
  return account.send({ path: '/accounts/withdraw', body: { id, account: 'a0', cents: 80 } })
}

async function simulated(isolation: TransactionIsolation): Promise<SimulationResult> {
  return simulate(accountsAt(isolation).system, {
    seeds: SEEDS,
    faults: ['crash', 'sql-error', 'lost-answer'],
    load: async (world) =>
      world.many(10, async (n) => Promise.all([answered(world, n, 1), answered(world, n, 2)])),
    always: {
      'no account is overdrawn': async ({ sql }) => {
        const overdrawn = await sql('accounts')`select id from account where cents < 0`
        return overdrawn.length === 0
      },
    },
  })
}

/** One of the two owners of an account asks until it is told yes or no. */
async function answered(world: Load, n: number, of: 1 | 2): Promise<void> {
  const wish = {
    method: 'POST',
    path: '/accounts/withdraw',
    body: { id: `${n}.${of}`, account: `a${n}`, cents: 60 },
  }
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
    const answer = await world
      .request('accounts', { ...wish, deadline: '1s' })
      .catch(() => undefined)
    if (answer !== undefined && answer.status < 500) return
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await world.sleep('200ms')
  }
  assert.fail(`no answer in ${TRIES_MAX} tries`)
}

test('two withdrawals that both passed the check overdraw the account', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { statuses, left } = await meeting('read committed')

    assert.deepEqual(statuses, [200, 200])
    assert.equal(left, -60)
  }
})

test('declared serializable, the second is run again, sees what is left, and is refused', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { statuses, left, runs } = await meeting('serializable')

    assert.deepEqual(statuses, [200, 422])
    assert.equal(left, 20)
    assert.equal(runs, 2, 'both had passed the check')
  }
})

test('in the simulation most worlds overdraw it', async () => {
  const { violations } = await simulated('read committed')

  assert.ok(violations.length >= SEEDS / 4, `${violations.length} of ${SEEDS} seeds`)
})

test('declared serializable, no world overdraws it, though conflicts are injected', async () => {
  const { violations, faultsFired } = await simulated('serializable')

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['sql-error'] ?? 0) > 0)
})
