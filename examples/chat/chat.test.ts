/**
 * The chat under simulation: a few seeds on each run of the tests; `holdfast sim` hunts with more.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { scenario } from './chat.sim.ts'
import { chat } from './system.ts'

test('the chat keeps its promises in a hostile world', async () => {
  const { violations, faultsFired } = await simulate(chat, { ...scenario, seeds: 2 })

  assert.deepEqual(violations, [])
  assert.ok(Object.keys(faultsFired).length > 3, 'the world was hostile')
})
