/**
 * Q4: an answer that was made from a degraded answer says so, all the way up.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pglite } from '../../../test/support/databases.ts'
import { audit, pay } from '../../../test/support/payments.ts'
import { paid, paymentsShop } from '../../../test/support/payments-shop.ts'
import { json, scripted } from '../../../test/support/scripted.ts'

test('a caller is told that the answer of its callee was degraded, and a plain one is not', async () => {
  for (const [headers, degraded] of [
    [{ 'holdfast-degraded': 'true' }, true],
    [{ 'holdfast-degraded': 'false' }, false],
    [{}, false],
  ] as const) {
    const { world, call } = await scripted(json(200, { cents: 5 }, headers))
    const outcome = await world.run(call.outcome(pay.balance, { account: 'a' }))
    assert.deepEqual(outcome, { kind: 'done', value: { cents: 5 }, degraded })
  }
})

test('what a handler made of a degraded answer is marked once, and its replay is the stored one', async () => {
  const shop = await paymentsShop(pglite, {
    beforePay: async (call) => call(audit.check, { orderId: 'o1' }),
  })
  await shop.network.listen(
    { host: 'audits', port: 1 },
    json(200, { ok: true }, { 'holdfast-degraded': 'true' }),
  )

  const first = await shop.send(paid('k1'))
  const again = await shop.send(paid('k1'))

  assert.deepEqual([first.status, first.headers['holdfast-degraded']], [200, 'true'], first.text)
  assert.deepEqual([again.text, again.headers['holdfast-degraded']], [first.text, undefined])
})
