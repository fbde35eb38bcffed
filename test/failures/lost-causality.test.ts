/**
 * T2: an answer is seen before its question.
 *
 * Goal: without the two rules of `examples/chat/messages.ts` the talk makes no sense, with them it does.
 * Method: people talk in three places while the ways between them break. Each rule is taken out by
 * exchanging its words while Node loads the module (`test/planted`).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { scenario } from '../../examples/chat/chat.sim.ts'
import { chat } from '../../examples/chat/system.ts'
import { hunted } from '../planted/main.ts'

test('a message that is shown when it arrives, whatever it answers, is seen before its question', async () => {
  const { found, check } = await hunted('shown-at-once')

  assert.ok(found)
  assert.equal(check, 'a reply is never shown before what it answers')
})

test('a talk across partitions stays readable, and every message arrives everywhere', async () => {
  const { violations, unreached, faultsFired } = await simulate(chat, {
    ...scenario,
    seeds: 6,
    faults: ['one-way-partition', 'partition', 'delay', 'loss', 'skew', 'jump'],
  })

  assert.deepEqual(violations, [])
  assert.deepEqual(unreached, [], 'some reply had to wait')
  assert.ok((faultsFired['partition'] ?? 0) > 0)
})
