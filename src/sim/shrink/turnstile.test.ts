import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turnstile } from './turnstile.ts'

test('T1: no more operations begin than there may', async () => {
  const turnstile = new Turnstile(2)
  const begun: number[] = []
  const operation = (n: number) => async () => void begun.push(n)

  await turnstile.pass(operation(1))
  await turnstile.pass(operation(2))
  void turnstile.pass(operation(3))

  assert.deepEqual(begun, [1, 2])
  assert.equal(turnstile.count, 2)
})

test('T2: it is closed once somebody was stopped and nothing is under way', async () => {
  const turnstile = new Turnstile(1)
  const { promise, resolve } = Promise.withResolvers<void>()
  const first = turnstile.pass(async () => promise)
  void turnstile.pass(async () => undefined)

  assert.equal(turnstile.isClosed, false, 'the first is under way')
  resolve()
  await first

  assert.equal(turnstile.isClosed, true)
})

test('a turnstile that stopped nobody is not closed', async () => {
  const turnstile = new Turnstile(Infinity)

  await turnstile.pass(async () => undefined)

  assert.equal(turnstile.isClosed, false)
})
