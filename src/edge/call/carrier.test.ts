/**
 * What carries a call is what its edge says, and never a session to who is not ours.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edge } from '#model'
import { ManualWorld } from '../../../test/support/manual-world.ts'
import { payments } from '../../../test/support/payments.ts'
import { standaloneCaller } from './caller.ts'

for (const [said, foreign, carrier] of [
  [undefined, [], 'session'],
  ['session', [], 'session'],
  ['http', [], 'http'],
  ['session', ['payments'], 'http'],
] as const) {
  const who = foreign.length === 0 ? 'a service of ours' : 'a foreign service'
  test(`an edge to ${who} that says ${said ?? 'nothing'} goes over ${carrier}`, async () => {
    const world = new ManualWorld()
    const call = standaloneCaller({ world, resolve: () => 'http://payments:80', foreign })
    const pay = edge(payments, {
      deadline: '1s',
      ...(said === undefined ? {} : { transport: said }),
    })

    await world.run(call.outcome(pay.balance, { account: 'a' }))

    assert.deepEqual(
      new Set(world.network.sent.map(({ transport }) => transport)),
      new Set([carrier]),
    )
  })
}
