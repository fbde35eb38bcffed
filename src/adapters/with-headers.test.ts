/**
 * Credentials reach a foreign service, and nothing that Holdfast says about a request is replaced.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standaloneCaller } from '#edge'
import { ManualWorld } from '../../test/support/manual-world.ts'
import { pay } from '../../test/support/payments.ts'
import { json, silence } from '../../test/support/scripted.ts'
import { withHeaders } from './with-headers.ts'

function calling(world: ManualWorld) {
  const network = withHeaders(world.network, (origin) => ({
    Authorization: `Bearer for ${origin}`,
    'Holdfast-Attempt': '7',
  }))
  const { clock, timers, random } = world
  return standaloneCaller({
    world: { clock, timers, random, network },
    resolve: () => 'http://payments:1',
    foreign: ['payments'],
  })
}

test('what is asked of a foreign service carries its credentials beside the headers of the call', async () => {
  const world = new ManualWorld()
  await world.network.listen({ host: 'payments', port: 1 }, json(200, { cents: 5 }))

  await world.run(calling(world)(pay.balance, { account: 'a' }))

  const { headers } = world.network.sent[0] ?? assert.fail('one request')
  assert.equal(headers['authorization'], 'Bearer for http://payments:1')
  assert.equal(headers['holdfast-attempt'], '1')
})

test('a request with credentials ends at its deadline all the same', async () => {
  const world = new ManualWorld()
  await world.network.listen({ host: 'payments', port: 1 }, silence)

  const outcome = await world.run(calling(world).outcome(pay.balance, { account: 'a' }))

  assert.equal(outcome.kind, 'unknown')
  assert.ok(world.clock.monotonicMs() <= 1_000)
})
