/**
 * An explanation says all that is enforced, and who chose it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edge } from '#model'
import { payments } from '../../../test/support/payments.ts'
import { explain } from './explain.ts'
import { outgoing } from './outgoing.ts'

const pay = edge(payments, {
  deadline: '1s',
  concurrency: 7,
  criticality: 'sheddable',
  ops: { balance: { hedge: '80ms', cache: { fresh: '1s' }, retry: 2, fallback: { cents: 0 } } },
})

function leaves(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'number' || typeof value === 'string') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    leaves(inner, path === '' ? name : `${path}.${name}`),
  )
}

test('the stages explained are the stages run, in their order', () => {
  const explained = explain(pay.balance).map(({ name, why }) => ({ name, why }))

  assert.deepEqual(
    explained,
    outgoing.map(({ name, why }) => ({ name, why })),
  )
})

test('every number of the policy is explained once', () => {
  const { declared: _, fallback, ...numbers } = pay.balance.policy
  const explained = explain(pay.balance).flatMap((stage) => stage.numbers.map(({ name }) => name))

  assert.ok(fallback !== undefined && explained.includes('fallback'))
  assert.deepEqual(
    explained.filter((name) => name !== 'fallback').toSorted(),
    leaves(numbers).toSorted(),
  )
})

test('a number says whether the edge, the operation or nobody chose it', () => {
  const from = Object.fromEntries(
    explain(pay.balance).flatMap((stage) => stage.numbers.map((each) => [each.name, each.from])),
  )

  assert.deepEqual(
    [
      from['deadlineMs'],
      from['edge.bulkhead.inFlightMax'],
      from['attemptsMax'],
      from['hedge.delayMs'],
    ],
    ['edge', 'edge', 'operation', 'operation'],
  )
  assert.deepEqual([from['breaker.openMs'], from['hedge.burst']], ['default', 'default'])
})

test('what carries a call is explained, and for a foreign callee it is HTTP', () => {
  const carriers = [false, true].map((isForeign) =>
    explain(pay.balance, { isForeign })
      .find(({ name }) => name === 'transport')
      ?.numbers.map(({ value }) => value),
  )

  assert.deepEqual(carriers, [['session'], ['http']])
})

test('what an operation does not have is named and has no numbers', () => {
  const cache = explain(pay.authorize).find(({ name }) => name === 'cache')

  assert.deepEqual([cache?.isActive, cache?.numbers], [false, []])
})
