/**
 * Two transfers from one account: the update that is lost, found, and the two ways in which it is not.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { system } from 'holdfast'
import { simulate, type SimulationResult } from 'holdfast/sim'
import { scenario } from './bank.sim.ts'
import { bookAtomically, bookUnderLock, bookWhatWasRead } from './booking.ts'
import { bankThat } from './service.ts'

const SEEDS = 12

async function simulated(
  book: Parameters<typeof bankThat>[0],
  seeds: number = SEEDS,
): Promise<SimulationResult> {
  const banking = system('banking', { services: [bankThat(book)] })
  return simulate(banking, { ...scenario, seeds })
}

test('a bank that writes what it had read loses updates, and many seeds show it', async () => {
  const { violations } = await simulated(bookWhatWasRead, 2 * SEEDS)

  assert.ok(violations.length >= SEEDS / 3, `${violations.length} of ${2 * SEEDS} seeds`)
  const checks = new Set(violations.map(({ check }) => check))
  assert.deepEqual([...checks], ['money is neither made nor lost'])
})

test('one statement that decides and writes loses none', async () => {
  const { violations, unreached } = await simulated(bookAtomically)

  assert.deepEqual(violations, [])
  assert.deepEqual(unreached, [])
})

test('neither does a lock that is taken before the balance is read', async () => {
  const { violations } = await simulated(bookUnderLock)

  assert.deepEqual(violations, [])
})
