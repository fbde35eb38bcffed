/**
 * The market under simulation: a few seeds on each run of the tests; `holdfast sim` hunts with more.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type ForeignProgram } from 'holdfast/sim'
import { scenario } from './market.sim.ts'
import { market } from './system.ts'

test('the market keeps its promises in a hostile world', async () => {
  const result = await simulate(market, { ...scenario, seeds: 2 })

  assert.deepEqual(result.violations, [])
  assert.ok(Object.keys(result.faultsFired).length > 3, 'the world was hostile')
})

test('a provider that forgets its keys charges a card twice, and the simulation shows it', async () => {
  const result = await simulate(market, {
    ...scenario,
    seeds: 3,
    faults: ['lost-answer', 'duplicate'],
    foreign: { provider: forgetful },
  })

  const broken = new Set(result.violations.map(({ check }) => check))
  assert.deepEqual([...broken], ['no card is charged twice for one order'])
})

/** The scenario's provider, except that it does not see the keys. */
const forgetful: ForeignProgram = (machine) => {
  const honest = scenario.foreign?.['provider']?.(machine)
  assert.ok(typeof honest === 'object', 'the provider of the scenario speaks fetch')
  return {
    fetch: (request) => {
      request.headers.delete('idempotency-key')
      return honest.fetch(request)
    },
  }
}
